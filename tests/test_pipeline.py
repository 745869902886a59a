"""The whole path through the real weights: on the sample that ships, and on real photos."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest
from PIL import Image

import thatlook
from thatlook.cli import main
from thatlook.core.errors import UnknownProductError
from thatlook.core.records import NEARNESS, Box
from thatlook.render.board.entry import BoardEntry
from thatlook.search.completing import CompletionRequest
from thatlook.search.recommender import Recommender
from thatlook.search.request import Correction, SearchRequest
from thatlook.vision.models.registry import resolve


@pytest.fixture(scope="module")
def engine(tmp_path_factory, sample):
    with thatlook.open(tmp_path_factory.mktemp("shop") / "catalog") as opened:
        report = opened.index(sample / "products.csv", sample, workers=0)
        assert (report.added, report.failed) == (123, 0)
        yield opened


@pytest.fixture(scope="module")
def looks(sample):
    return [json.loads(line) for line in (sample / "looks.jsonl").read_text().splitlines()]


def test_indexing_again_changes_nothing(engine, sample):
    report = engine.index(sample / "products.csv", sample, workers=0)
    assert (report.added, report.changed, report.unchanged, report.removed) == (0, 0, 123, 0)


def test_a_feed_that_lost_most_products_needs_to_be_allowed(engine, sample, tmp_path, capsys):
    feed = tmp_path / "feed.csv"
    lines = (sample / "products.csv").read_text(encoding="utf-8").splitlines()
    feed.write_text("\n".join(lines[:15]), encoding="utf-8")
    (tmp_path / "catalog").mkdir()
    engine.catalog.copy_to(tmp_path / "catalog" / "catalog.sqlite")
    command = ["index", str(feed), "--catalog", str(tmp_path / "catalog"), "--images", str(sample)]
    command += ["--workers", "0"]

    assert main(command) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "feed.csv: does not have 109 of the catalog's 123 products" in err
    assert "thatlook catalog rollback NAME" in err
    with thatlook.open(tmp_path / "catalog") as opened:
        assert opened.catalog.info().products == 123

    assert main([*command, "--allow-removals"]) == 0
    assert "14 unchanged, 109 removed" in capsys.readouterr().out
    with thatlook.open(tmp_path / "catalog") as opened:
        assert opened.catalog.info().products == 14


def test_where_every_row_fails_the_exit_status_says_so(tmp_path, capsys):
    (tmp_path / "a.jpg").write_bytes(b"no picture")
    (tmp_path / "feed.csv").write_text("id,title,image_link\n1,Shirt,a.jpg\n")
    where = ["--catalog", str(tmp_path / "catalog"), "--workers", "0", "--json"]
    assert main(["index", str(tmp_path / "feed.csv"), *where]) == 1
    out, err = capsys.readouterr()
    assert (json.loads(out)["failed"], json.loads(out)["added"]) == (1, 0)
    assert "line 2 (id 1)" in err


def found_at(result, worn):
    """The recommendation whose article lies where the label says, or None."""
    for entry in result.recommendations:
        article = result.look.articles[entry.article]
        if entry.category == worn["category"] and article.box.iou(Box(*worn["box"])) >= 0.5:
            return entry
    return None


def test_the_rendered_looks_lead_to_what_they_wear(engine, sample, looks):
    first = among = worn_articles = persons = full = genders = 0
    for look in looks:
        result = engine.recommend(sample / look["file"], k=10)
        person = result.look.person
        persons += person is not None
        full += person is not None and person.gate.full_shot
        genders += person is not None and person.gender in {look["gender"], "unknown"}
        for worn in look["articles"]:
            entry = found_at(result, worn)
            ids = [match.product.id for match in entry.matches] if entry else []
            ids += [v.id for m in (entry.matches if entry else ()) for v in m.variants]
            worn_articles += 1
            first += ids[:1] == [worn["product_id"]]
            among += worn["product_id"] in ids
    # 16 looks with 50 articles; the floors leave room for another processor's rounding
    assert persons == 16
    assert full >= 15
    assert genders >= 15
    assert among >= 0.8 * worn_articles
    assert first >= 0.55 * worn_articles


def test_every_match_is_of_the_articles_category_and_the_persons_gender(engine, sample, looks):
    for look in looks[:4]:
        result = engine.recommend(sample / look["file"], gender=look["gender"])
        assert len(result.recommendations) >= 2
        for entry in result.recommendations:
            assert entry.matches
            allowed = {entry.category, *entry.searched.get("neighbours", ())}
            for match in entry.matches:
                assert match.product.category in allowed
                assert match.product.gender in {look["gender"], "unisex"}
            scores = [match.score for match in entry.matches]
            assert scores == sorted(scores, reverse=True)


def test_the_same_photo_gives_the_same_answer_from_every_source(engine, sample, looks):
    path = sample / looks[0]["file"]
    expected = engine.recommend(path).to_dict()["recommendations"]
    image, data = Image.open(path), path.read_bytes()
    for source in (str(path), data, bytearray(data), image, np.asarray(image.convert("RGB"))):
        assert engine.recommend(source).to_dict()["recommendations"] == expected
    for ask in (engine.parse, engine.recommend, lambda source: engine.embed([source])):
        with pytest.raises(thatlook.PhotoError, match=r"expected a path, .* got NoneType"):
            ask(None)


def test_similar_products_are_of_the_same_category(engine):
    matches = engine.similar("SP0001", k=5)
    assert len(matches) == 5
    assert {match.product.category for match in matches} == {"topwear"}
    assert "SP0001" not in {match.product.id for match in matches}


def test_what_goes_with_a_product_and_with_a_photo(engine, sample, looks):
    found = engine.complete(["SP0001"], CompletionRequest(k=3))
    assert [one.category for one in found.given] == ["topwear"]
    wanted = {one.category: one.matches for one in found.completions}
    assert set(wanted) >= {"bottomwear", "footwear", "outerwear"}
    assert "dress" not in wanted
    for category, matches in wanted.items():
        assert len(matches) <= 3
        assert {match.product.category for match in matches} <= {category}
        assert {match.product.gender for match in matches} <= {"female", "unisex"}
        scores = [match.score for match in matches]
        assert scores == sorted(scores, reverse=True)
    assert any(match.reasons for match in wanted["bottomwear"])
    worn = engine.complete(sample / looks[0]["file"], CompletionRequest(k=2))
    assert {"topwear", "bottomwear"} <= {one.category for one in worn.given}
    assert {"article", "embedding", "search"} <= set(worn.timing_ms)


def test_outfits_keep_to_the_budget(engine):
    whole = engine.outfits(["SP0001"], CompletionRequest(k=2))
    assert len(whole.outfits) == 2
    dear = max(offer.total for offer in whole.outfits)
    cheaper = engine.outfits(["SP0001"], CompletionRequest(k=2, budget=float(dear) - 1))
    assert all(offer.total < dear for offer in cheaper.outfits)
    nothing = engine.outfits(["SP0001"], CompletionRequest(budget=1))
    assert not nothing.outfits
    assert "has a price up to 1.0" in nothing.message
    with pytest.raises(UnknownProductError):
        engine.outfits(["no such product"])


def test_what_goes_with_it_on_the_command_line(engine, capsys):
    folder = ["--catalog", str(engine.catalog.folder)]
    assert main(["complete", "SP0001", *folder, "--category", "footwear", "-k", "2", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["category"] for one in told["completions"]] == ["footwear"]
    assert len(told["completions"][0]["matches"]) == 2
    assert main(["outfits", "SP0001", *folder, "-k", "1"]) == 0
    assert capsys.readouterr().out.startswith("outfit 1: 0.")
    assert main(["outfits", "SP0001", *folder, "--budget", "1"]) == 1
    assert "no bottomwear that passes the filters" in capsys.readouterr().out
    assert main(["complete", "a", "b.jpg", __file__, *folder]) == 2
    assert "one photo, or ids of products" in capsys.readouterr().err


def test_embed_gives_unit_vectors(engine, sample):
    vectors = engine.embed([sample / "images/products/SP0001.jpg", np.zeros((40, 30, 3), np.uint8)])
    assert vectors.shape == (2, engine.analyzer.dim)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    black = np.zeros((1, 40, 30, 3), np.uint8)  # one array of crops of one size
    np.testing.assert_allclose(engine.embed(black), vectors[1:], atol=1e-5)
    assert engine.embed([]).shape == (0, engine.analyzer.dim)


def test_embed_takes_a_list(engine, sample):
    path = sample / "images/products/SP0001.jpg"
    image = Image.open(path)
    for one in (path, str(path), path.read_bytes(), image, np.asarray(image), None):
        message = f"a list of crops, got one {type(one).__name__}; write"
        with pytest.raises(thatlook.SettingsError, match=message):
            engine.embed(one)


def test_a_drawn_box_takes_the_place_of_the_detected_ones(engine, sample, looks):
    worn = looks[0]["articles"][0]
    result = engine.recommend(
        sample / looks[0]["file"], box=Box(*worn["box"]), box_category=worn["category"]
    )
    assert [entry.category for entry in result.recommendations] == [worn["category"]]
    with pytest.raises(thatlook.SettingsError, match="is outside the 480 x 720 photo"):
        engine.recommend(sample / looks[0]["file"], box=Box(900, 0, 950, 10), box_category="bag")


def test_a_large_photo_is_told_in_its_own_pixels(engine, sample, looks):
    small = Image.open(sample / looks[0]["file"])
    file = io.BytesIO()
    small.resize((1920, 2880), Image.Resampling.LANCZOS).save(file, "JPEG", quality=95)
    result = engine.recommend(file.getvalue())
    expected = engine.parse(small)
    look = result.look
    assert (look.width, look.height) == (1920, 2880)
    assert result.image.shape == (1440, 960, 3)
    for one, other in zip(
        (look.person, *look.articles), (expected.person, *expected.articles), strict=True
    ):
        assert one.box.iou(other.box.stretched(4, 4)) > 0.95
    worn = look.articles[0]
    drawn = engine.recommend(file.getvalue(), box=worn.box, box_category=worn.category)
    (article,) = drawn.look.articles
    assert article.box == worn.box
    assert float(article.vector @ worn.vector) > 0.999
    top = next(a for a in look.articles if a.category == "topwear")
    asked = engine.recommend(file.getvalue(), corrections=(Correction("dress", "topwear"),))
    called = next(a for a in asked.look.articles if a.box == top.box)
    small_one = next(a for a in expected.articles if a.category == "topwear")
    told = engine.recommend(small, corrections=(Correction("dress", "topwear"),))
    same = next(a for a in told.look.articles if a.box == small_one.box)
    assert called.category == same.category == "dress"
    assert float(called.vector @ same.vector) > 0.98
    entry = BoardEntry.of(result)
    assert (entry.result.look.width, entry.result.look.height) == (960, 1440)
    assert entry.result.look.articles[0].box == worn.box.stretched(0.5, 0.5)


def test_half_a_person_is_refused_under_the_full_policy_and_says_why(engine, sample, looks):
    image = Image.open(sample / looks[0]["file"])
    upper = image.crop((0, 0, image.width, image.height // 2))
    result = engine.recommend(upper, policy="full")
    assert not result.accepted
    assert "feet are not in the frame" in result.reason
    assert result.recommendations == ()
    assert engine.recommend(upper).accepted
    whole = engine.recommend(image, policy="full")
    assert whole.accepted
    assert whole.reason is None


@pytest.mark.parametrize(
    "image",
    [
        Image.new("RGB", (300, 400), "white"),
        Image.new("RGB", (16, 3000), "red"),
        Image.effect_noise((200, 300), 90).convert("RGB"),
    ],
    ids=["blank", "strip", "noise"],
)
def test_photos_of_nothing_do_not_crash(engine, image):
    result = engine.recommend(image)
    assert result.look.person is None


def test_small_and_large_copies_give_the_same_categories(engine, sample, looks):
    image = Image.open(sample / looks[0]["file"])
    expected = {a.category for a in engine.parse(image).articles}
    for factor in (0.5, 2.0):
        size = (int(image.width * factor), int(image.height * factor))
        buffer = io.BytesIO()
        image.resize(size, Image.Resampling.LANCZOS).save(buffer, "JPEG", quality=90)
        assert {a.category for a in engine.parse(buffer.getvalue()).articles} == expected


def test_shop_the_look_takes_the_front_full_shot_among_a_products_pictures(tmp_path, sample, looks):
    worn = {article["category"]: article["product_id"] for article in looks[0]["articles"]}
    photo = Image.open(sample / looks[0]["file"])
    photo.crop((0, 0, photo.width, photo.height // 2)).save(tmp_path / "half.jpg", quality=95)
    photo.save(tmp_path / "whole.jpg", quality=95)
    with (sample / "products.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    chosen = [row for n, row in enumerate(rows) if n % 4 == 0 or row["id"] in worn.values()]
    for row in chosen:
        row["additional_image_link"] = ""
        (tmp_path / f"{row['id']}.jpg").write_bytes((sample / row["image_link"]).read_bytes())
        row["image_link"] = f"{row['id']}.jpg"
        if row["id"] == worn["topwear"]:
            row["additional_image_link"] = "half.jpg,whole.jpg"
    with (tmp_path / "feed.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(chosen[0]))
        writer.writeheader()
        writer.writerows(chosen)
    with thatlook.open(tmp_path / "c") as engine:
        engine.index(tmp_path / "feed.csv", workers=0)
        pictures = [path.name for path in engine.catalog.pictures(worn["topwear"])]
        assert pictures == [f"{worn['topwear']}.jpg", "half.jpg", "whole.jpg"]
        result = engine.shop_the_look(worn["topwear"], k=5)
        assert (result.accepted, result.look.photo) == (True, "whole.jpg")
        first = result.recommendations[0]
        assert (first.category, first.role) == ("topwear", "primary")
        found = {r.category: [m.product.id for m in r.matches] for r in result.recommendations}
        assert worn["bottomwear"] in found["bottomwear"]
        assert worn["topwear"] not in found["topwear"]
        refused = engine.shop_the_look(worn["bottomwear"])
        assert (refused.accepted, refused.recommendations) == (False, ())
        assert refused.reason == "none of the product's 1 pictures is a front-facing full shot"
        (tmp_path / "whole.jpg").unlink()
        assert not engine.shop_the_look(worn["topwear"]).accepted
        with pytest.raises(UnknownProductError):
            engine.shop_the_look("nobody")


def test_a_folder_of_images_is_a_shop(tmp_path, sample, looks):
    folder = tmp_path / "images"
    folder.mkdir()
    for path in sorted((sample / "images" / "products").glob("*.jpg"))[::4]:
        (folder / f"x{path.name}").write_bytes(path.read_bytes())
    with thatlook.open(tmp_path / "c") as engine:
        report = engine.index(folder, workers=0)
        again = engine.index(folder, workers=0)
        result = engine.recommend(sample / looks[0]["file"], k=3)
    assert (again.unchanged, again.changed) == (report.added, 0)
    tops = [entry for entry in result.recommendations if entry.category == "topwear"]
    assert len(tops[0].matches) == 3


@pytest.mark.data
def test_real_photos_get_products_of_the_right_category(data, tmp_path):
    """A hundred real products and ten real photos: categories and genders hold."""
    with (data / "catalog" / "styles.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))[::84]
    feed = tmp_path / "feed.csv"
    with feed.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    with thatlook.open(tmp_path / "c") as engine:
        report = engine.index(feed, data / "catalog" / "images", workers=0)
        assert report.added == len(rows)
        photos = sorted((data / "street" / "images").glob("*.jpg"))[:300:30]
        results = [engine.recommend(photo, k=3) for photo in photos]
    assert [result.look.person is not None for result in results] == [True] * 10
    categories = [entry.category for result in results for entry in result.recommendations]
    assert categories.count("footwear") >= 8
    assert sum(len(entry.matches) for result in results for entry in result.recommendations) >= 50
    for result in results:
        for entry in result.recommendations:
            allowed = {entry.category, *entry.searched.get("neighbours", ())}
            assert {m.product.category for m in entry.matches} <= allowed
            assert entry.matches or not entry.eligible


def test_one_click_keeps_seven_of_the_other_nine_and_every_score(engine, sample, looks):
    """Over everything worn in the sample's looks, with the real weights."""
    spec = resolve("embedding", engine.settings.embedding_model)
    recommender = Recommender.of(engine.catalog, spec, engine.settings)
    clicks = 0
    for number, look in enumerate(looks):
        parsed = engine.parse(sample / look["file"])
        for plain in recommender.for_look(parsed, SearchRequest()):
            scores = {match.product.id: match.score for match in plain.matches}
            clicked = list(scores)[number % len(scores)]
            for kind in ("liked", "disliked"):
                asked = SearchRequest(**{kind: frozenset({clicked})})
                found = recommender.for_look(parsed, asked)
                (row,) = [entry for entry in found if entry.article == plain.article]
                after = {match.product.id: match.score for match in row.matches}
                assert len(after.keys() & scores.keys() - {clicked}) >= len(scores) - 3
                assert (clicked in after) == (kind == "liked")
                assert all(scores.get(id_, score) == score for id_, score in after.items())
                clicks += 1
    assert clicks > 60


def test_a_wrong_category_can_be_changed(engine, sample, looks, capsys):
    photo = str(sample / looks[0]["file"])
    found = engine.recommend(photo)
    (number,) = [n for n, a in enumerate(found.look.articles) if a.category == "topwear"]
    corrected = engine.recommend(photo, corrections=(Correction("dress", "topwear"),))
    article = corrected.look.articles[number]
    assert (article.category, article.box) == ("dress", found.look.articles[number].box)
    (row,) = [entry for entry in corrected.recommendations if entry.article == number]
    assert (row.category, row.searched["category"]) == ("dress", "dress")
    assert "dress" in {match.product.category for match in row.matches}
    command = ["recommend", photo, "--catalog", str(engine.catalog.folder), "-k", "2", "--json"]
    assert main([*command, "--primary", "topwear", "--as", "dress"]) == 0
    first = json.loads(capsys.readouterr().out)["recommendations"][0]
    assert (first["category"], first["role"]) == ("dress", "primary")
    assert main([*command, "--as", "outerwear=dress"]) == 2
    assert "no outerwear was found to be corrected; found: 0=topwear" in capsys.readouterr().err


def test_several_photos_and_one_of_them_bad(engine, sample, looks, capsys, tmp_path):
    good = [str(sample / look["file"]) for look in looks[:2]]
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no picture")
    asked = ["recommend", good[0], str(bad), good[1], "--catalog", str(engine.catalog.folder)]
    asked += ["-k", "2"]
    assert main([*asked, "--json"]) == 1
    out, err = capsys.readouterr()
    first, failed, last = map(json.loads, out.splitlines())
    assert [entry["look"]["photo"] for entry in (first, last)] == good
    assert failed["photo"] == str(bad)
    assert failed["error"]["code"] == "unsupported_format"
    assert "bad.jpg: not a photo" in err
    assert {m["nearness"] for r in first["recommendations"] for m in r["matches"]} <= set(NEARNESS)

    assert main([*asked, "--html", str(tmp_path / "all.html")]) == 1
    page = (tmp_path / "all.html").read_text(encoding="utf-8")
    assert page.count("<section class='board'>") == 2
    assert f"wrote {tmp_path / 'all.html'}" in capsys.readouterr().err

    assert main(["recommend", str(bad), *asked[4:], "--html", str(tmp_path / "none.html")]) == 1
    assert not (tmp_path / "none.html").exists()
    assert "wrote" not in capsys.readouterr().err

    assert main(["recommend", *good, *asked[4:]]) == 0
    assert capsys.readouterr().out.count("(primary)") == 2
