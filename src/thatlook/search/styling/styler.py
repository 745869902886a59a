"""A product to scenes: the search for products turned round, then asked for all else worn there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from thatlook.core.ages import is_childs
from thatlook.core.records import Look, Recommendation
from thatlook.core.taxonomy import CATEGORIES
from thatlook.search.index import Query, genders_for
from thatlook.search.ranking import Agreement, Calibration, NearnessScale, Traits, reasons
from thatlook.search.recommender import Recommender, meant, traits_of
from thatlook.search.request import SearchRequest
from thatlook.search.stored import ProductStore, Stored
from thatlook.search.styling.records import Scene, SceneStore, Styled, StyledScene

FETCHED: Final = 200
"""Articles that are ordered: what agrees of type and color moves them, and one photo may have
two."""


@dataclass(frozen=True, slots=True, eq=False)
class _Worn:
    """An article like the product, with what orders it."""

    scene: Scene
    index: int
    similarity: float
    worth: float


class Styler:
    """Finds how something like a product is worn, in the scenes beside a catalog."""

    def __init__(
        self,
        catalog: ProductStore,
        scenes: SceneStore,
        recommender: Recommender,
        calibration: Calibration,
        scale: NearnessScale,
    ) -> None:
        self._catalog = catalog
        self._scenes = scenes
        self._recommender = recommender
        self._calibration = calibration
        self._scale = scale

    def styled(
        self, product_id: str, k: int, min_score: float | None = None, others: int = 3
    ) -> Styled:
        """At most `k` scenes, the most alike first, ties by id, with `others` products for each
        other article.

        Scenes below `min_score` (None: where a match is called similar) are left out. The gender is
        the product's; scenes of people of unknown gender count for all. People are taken for
        grown-ups: a child's product has no scenes. Raises
        UnknownProductError, CatalogError for a product without a vector.
        """
        own = self._catalog.stored(product_id)
        product = own.product
        curve = self._calibration.curve(product.category, worn=True)
        threshold = self._scale.similar if min_score is None else min_score
        shown: list[StyledScene] = []
        asked = product.category in CATEGORIES and not is_childs(product.age_group)
        for worn in self._worn(own) if asked else ():
            score = curve.score(worn.worth)
            if len(shown) == k or score < threshold:
                break
            shown.append(self._shown(own, worn, score, others))
        return Styled(product, tuple(shown), self._scenes.count())

    def _worn(self, own: Stored) -> list[_Worn]:
        """What is like the product, the best of each scene, most alike first."""
        product, vector = own.product, self._catalog.vector(own.product.id)
        gender = None if product.gender == "unisex" else product.gender
        query = Query(category=product.category, genders=genders_for(gender), k=FETCHED)
        hits = self._scenes.search(vector[None], query)[0]
        scored = [(self._scenes.article_of(hit.product_id), hit.similarity) for hit in hits]
        ids = list(dict.fromkeys(scene for (scene, _), _ in scored))
        scenes = {scene.id: scene for scene in self._scenes.scenes(ids)}
        curve, traits = self._calibration.curve(product.category, worn=True), traits_of(own)
        best: dict[str, _Worn] = {}
        for (scene_id, index), similarity in scored:
            if scene_id not in scenes:
                continue  # removed since it was found
            scene = scenes[scene_id]
            seen = Traits.of(scene.articles[index].attributes)
            worth = meant(curve.worth(similarity, Agreement.of(seen, traits)))
            if scene_id not in best or worth > best[scene_id].worth:
                best[scene_id] = _Worn(scene, index, similarity, worth)
        return sorted(best.values(), key=lambda worn: (-worn.worth, worn.scene.id))

    def _shown(self, own: Stored, worn: _Worn, score: float, others: int) -> StyledScene:
        seen = Traits.of(worn.scene.articles[worn.index].attributes)
        why = reasons(seen, traits_of(own), worn.similarity)
        found = self._worn_with(worn.scene, worn.index, others) if others else ()
        return StyledScene(worn.scene, worn.index, score, self._scale.word(score), why, found)

    def _worn_with(self, scene: Scene, index: int, count: int) -> tuple[Recommendation, ...]:
        """Products for what else is worn, by the indices of the articles in the scene."""
        kept = [n for n in range(len(scene.articles)) if n != index]
        look = Look(
            scene.photo, scene.width, scene.height, None, tuple(scene.articles[n] for n in kept)
        )
        request = SearchRequest(
            k=count, gender=scene.gender if scene.gender != "unknown" else "any"
        )
        found = self._recommender.for_look(look, request, worn=True)
        return tuple(
            replace(one, article=kept[one.article], role="secondary")
            for one in sorted(found, key=lambda one: one.article)
        )
