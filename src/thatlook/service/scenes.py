"""`/v1/scenes/{id}/image`, and how scenes are shown: never by the paths of their photos."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Request, Response

from thatlook.core.errors import CatalogError
from thatlook.search.styling import Styled
from thatlook.service.describe import problems
from thatlook.service.keys import guarded
from thatlook.service.pictures import JPEG_ANSWERS, Thumbnail, picture_answer
from thatlook.service.problems import Problem
from thatlook.service.state import Service, service_of

router = APIRouter(prefix="/v1/scenes", tags=["products"])
Here = Annotated[Service, Depends(service_of)]


@router.get(
    "/{scene_id}/image",
    summary="A scene's photo",
    response_class=Response,
    responses={**JPEG_ANSWERS, **problems(401, 404, 422, 429, 503)},
    dependencies=[Depends(guarded("lookup"))],
)
async def image(
    scene_id: Annotated[str, Path(pattern="^[0-9a-f]{16}$", description="The scene's id.")],
    request: Request,
    service: Here,
    size: Literal["small", "medium", "large"] = "medium",
) -> Response:
    """The photo of a scene, its longer side 240, 480 or 1200 pixels."""

    def job() -> Thumbnail:
        try:
            path = service.engine.scene_picture(scene_id)
        except CatalogError as error:
            raise Problem(404, "no_picture", str(error)) from error
        return service.thumbnails.get(path, size, service.engine.settings)

    found: Thumbnail = await service.lookup(job)
    return picture_answer(found, request, shared=bool(service.settings.origins))


def shown(styled: Styled) -> dict[str, Any]:
    """The answer to callers: in place of each photo's path the address of its picture."""
    told = styled.to_dict()
    for scene in told["scenes"]:
        scene["photo"] = f"/v1/scenes/{scene['id']}/image"
    return told
