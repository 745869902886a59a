"""Whose article is whose, colors by mask, and the own article of a product's picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from thatlook.core.errors import SettingsError
from thatlook.core.image import decode
from thatlook.core.records import Box, Gate, Keypoint, Mask, Person, Product
from thatlook.core.settings import Settings
from thatlook.vision.analyzer import Analyzer, Stopwatch
from thatlook.vision.article_color import color_of, joined_color, seen_colors, with_second
from thatlook.vision.assignment import (
    beside_hips,
    person_prominence,
    without_merged_persons,
    worn_by,
)
from thatlook.vision.stages.article import Detection
from thatlook.vision.stages.embedding import Embedded

SAMPLE = Path(__file__).resolve().parents[2] / "src" / "thatlook" / "sample"
PERSON = Box(100, 50, 200, 350)
OTHER = Box(190, 60, 290, 340)


def seen(label, box, score=0.9):
    return Detection(label, Box(*box), score)


def labels(found):
    return [(d.label, d.score) for d in found]


def test_two_people_taken_for_one_are_two():
    left = Detection("person", Box(0, 0, 40, 100), 0.8)
    right = Detection("person", Box(44, 0, 84, 100), 0.6)
    both = Detection("person", Box(10, 0, 84, 100), 0.5)
    assert without_merged_persons([left, right, both]) == [left, right]
    # Twice as sure as one of the two, or with nobody beside: it may be a person.
    sure = Detection("person", Box(10, 0, 84, 100), 1.0)
    faint = Detection("person", Box(44, 0, 84, 100), 0.5)
    assert without_merged_persons([left, faint, sure]) == [left, faint, sure]
    assert without_merged_persons([left, both]) == [left, both]
    # Two boxes that overlap are no two people side by side; a third of the width is not filled.
    on_left = Detection("person", Box(0, 0, 70, 100), 0.9)
    assert without_merged_persons([left, on_left, both]) == [left, on_left, both]
    wide = Detection("person", Box(0, 0, 120, 100), 0.5)
    assert without_merged_persons([left, right, wide]) == [left, right, wide]
    assert without_merged_persons([]) == []


def test_articles_of_bystanders_and_of_the_background_are_left_out():
    own = seen("topwear", (110, 100, 190, 200))
    bystanders = seen("topwear", (200, 100, 280, 200), 0.95)
    far = seen("bag", (400, 100, 450, 150))
    assert worn_by(PERSON, [OTHER], [own, bystanders, far]) == [own]


def standing(shoulders=100, hips=120, height=100, knees=(500, 500), score=0.5):
    """Key points of a person whose shoulders are at y = 60, 40 px apart, and hips, 20 px apart."""
    places = {5: (shoulders + 20, 60), 6: (shoulders - 20, 60)}
    places |= {11: (hips + 10, 60 + height), 12: (hips - 10, 60 + height), 13: knees}
    return [Keypoint(*map(float, places.get(joint, (0, 0))), score) for joint in range(17)]


@pytest.mark.parametrize(
    ("box", "person", "somebody_elses"),
    [
        # Hips' middle at 120, torso's at 110, torso 102 long: from 30.6 beside the hips on.
        ((100, 150, 140, 300), {}, False),
        ((30, 150, 118, 300), {}, True),  # its inner part ends at 109.2, its middle is 46 off
        ((30, 150, 126, 300), {}, False),  # at 116.4: the torso's middle is held
        ((30, 150, 134, 300), {}, False),  # at 123.6: both
        ((90, 150, 100, 300), {}, False),  # 25 off: what a coat leaves to see
        ((118, 150, 198, 300), {}, True),  # its inner part begins at 126, its middle is 38 off
        ((106, 150, 206, 300), {}, False),  # at 116: the hips' middle is held
        ((80, 150, 90, 300), {}, True),
        ((80, 150, 90, 300), {"height": 200}, False),
        ((80, 150, 90, 300), {"knees": (85, 200)}, False),
        ((80, 150, 90, 300), {"knees": (85, 310)}, True),
        ((80, 150, 90, 300), {"hips": 155}, False),  # leans by more than half its height
        ((80, 150, 90, 300), {"score": 0.2}, False),
    ],
)
def test_trousers_beside_the_hips_are_somebody_elses(box, person, somebody_elses):
    assert beside_hips(seen("bottomwear", box), standing(**person), 0.3) is somebody_elses
    assert not beside_hips(seen("bag", box), standing(**person), 0.3)


def test_they_are_left_out_of_a_look():
    own, others = seen("topwear", (110, 100, 190, 200)), seen("bottomwear", (80, 150, 90, 300))
    people = FakePerson(0.9, points=standing(score=0.9))
    person = seen("person", (70, 50, 200, 350))
    look = Analyzer(FakeArticles([person, own, others]), people, FakeEmbedding(), Settings())
    assert [article.box for article in look.parse(IMAGE).articles] == [own.box]


def test_somebody_hardly_seen_is_read_again_as_a_portrait():
    person = seen("person", (70, 50, 200, 350))
    stages = FakeArticles([person]), FakeEmbedding()
    refused = Analyzer(stages[0], FakePerson(0.1), stages[1], Settings()).parse(IMAGE)
    assert refused.person is None
    hardly = FakePerson(0.1, longer=FakePerson(0.9))
    read = Analyzer(stages[0], hardly, stages[1], Settings()).parse(IMAGE).person
    assert (read.box, read.score) == (person.box, 0.6)
    clear = FakePerson(0.9, longer=FakePerson(0.1))
    assert Analyzer(stages[0], clear, stages[1], Settings()).parse(IMAGE).person.score == 0.9


def test_what_spans_two_people_is_nobodys():
    beside = Box(200, 50, 300, 350)
    across = seen("footwear", (130, 300, 230, 340))  # 70 of 100 px in the person's box
    nearly = seen("footwear", (124, 300, 224, 340))  # 76 of them
    assert worn_by(PERSON, [beside], [across]) == []
    assert worn_by(PERSON, [beside], [nearly]) == [nearly]
    assert worn_by(PERSON, [], [across]) == [across]


def test_an_article_in_both_boxes_goes_to_the_nearer_person():
    wide = Box(150, 60, 350, 340)  # its middle is at 250, the person's at 150
    nearer = seen("bag", (190, 200, 207, 240))
    farther = seen("bag", (196, 200, 206, 240))
    assert worn_by(PERSON, [wide], [nearer, farther]) == [nearer]


def test_one_of_each_but_two_bags_best_first_in_category_order():
    found = worn_by(
        None,
        [],
        [
            seen("bag", (0, 0, 10, 10), 0.5),
            seen("footwear", (0, 90, 10, 99), 0.4),
            seen("footwear", (20, 90, 30, 99), 0.8),
            seen("bag", (30, 0, 40, 10), 0.6),
            seen("bag", (60, 0, 70, 10), 0.7),
            seen("person", (0, 0, 99, 99), 0.9),
        ],
    )
    assert labels(found) == [("footwear", 0.8), ("bag", 0.7), ("bag", 0.6)]


def test_one_garment_taken_for_two_categories_stays_the_better_one():
    coat = seen("outerwear", (0, 0, 100, 100), 0.6)
    dress = seen("dress", (2, 0, 100, 100), 0.8)
    bag = seen("bag", (0, 0, 100, 100), 0.5)
    assert labels(worn_by(None, [], [coat, dress, bag])) == [("dress", 0.8), ("bag", 0.5)]


def test_a_bag_inside_a_bag_is_one_bag():
    whole, pocket = seen("bag", (0, 0, 40, 40), 0.6), seen("bag", (10, 10, 30, 45), 0.5)
    beside = seen("bag", (30, 0, 60, 40), 0.4)
    assert worn_by(None, [], [whole, pocket, beside]) == [whole, beside]


def test_the_main_person_is_large_and_near_the_middle():
    middle = seen("person", (40, 10, 60, 90), 0.9)
    edge = seen("person", (0, 10, 22, 90), 0.9)
    small = seen("person", (45, 40, 55, 60), 0.9)
    ranked = sorted([edge, small, middle], key=lambda d: person_prominence(d, 100, 100))
    assert ranked == [small, edge, middle]


def test_colors_are_read_where_the_mask_is():
    image = np.full((40, 40, 3), 255, np.uint8)
    image[10:30, 10:30] = (200, 20, 30)
    values = np.zeros((40, 40), np.uint8)
    values[12:28, 12:28] = 255
    box = Box(0, 0, 40, 40)
    assert next(iter(seen_colors(image, box, Mask(box, values)))) == "red"
    assert next(iter(seen_colors(image, box, Mask(box, 255 - values)))) == "white"
    assert set(seen_colors(image, box, Mask(box, np.zeros((4, 4), np.uint8)))) == {"red", "white"}


@pytest.mark.parametrize(
    ("label", "probability", "pixels", "expected"),
    [
        ("blue", 0.9, {"black": 1.0}, "blue"),
        ("blue", 0.3, {"black": 0.7, "blue": 0.3}, "blue"),
        ("blue", 0.3, {"black": 0.9, "blue": 0.1}, "black"),
        ("blue", 0.1, {}, "blue"),
        ("", 0.0, {"red": 1.0}, "red"),
    ],
)
def test_the_color_of_network_and_pixels(label, probability, pixels, expected):
    assert joined_color(label, probability, pixels) == expected


@pytest.mark.parametrize(
    ("name", "seen", "expected"),
    [
        ("grey", {"navy": 0.5, "cream": 0.45, "grey": 0.05}, ["navy", "cream"]),
        ("cream", {"navy": 0.5, "cream": 0.45}, ["cream", "navy"]),
        ("blue", {"navy": 0.5, "red": 0.3, "cream": 0.2}, ["blue", "red"]),
        ("red", {"navy": 0.79, "red": 0.21}, ["red"]),  # too little of it to be named
        ("red", {"navy": 0.5, "blue": 0.27, "red": 0.23}, ["red", "navy"]),  # shades of one color
        # cream with silver 0.43, black with charcoal 0.23
        (
            "grey",
            {"cream": 0.29, "black": 0.17, "navy": 0.14, "silver": 0.14, "charcoal": 0.06},
            ["cream", "black"],
        ),
        ("red", {"navy": 1.0}, ["red"]),
        ("red", {}, ["red"]),
    ],
)
def test_a_pattern_of_two_colors_is_named_by_both(name, seen, expected):
    assert with_second(name, seen) == expected


def test_stripes_are_not_grey():
    """Cream and navy, a pixel each: their mean is grey."""
    image = np.empty((300, 200, 3), np.uint8)
    image[0::2], image[1::2] = (255, 250, 220), (20, 25, 70)
    box = Box(0, 0, 200, 300)
    plain = joined_color("grey", 0.3, seen_colors(image, box, None))
    assert plain not in {"navy blue", "cream"}
    assert color_of(image, box, None, plain, "solid") == plain
    striped = color_of(image, box, None, plain, "striped")
    assert set(striped.split("/")) == {"cream", "navy blue"}


class FakeArticles:
    def __init__(self, detections):
        self.detections = detections

    def counts(self, _label, score):
        return score >= 0.4

    def masks(self, _image, named):
        return [Mask(box, np.full((4, 4), 200, np.uint8)) for _, box in named]

    def run(self, _image, least=0.35):
        return [found for found in self.detections if found.score >= least]


class FakePerson:
    def __init__(self, keypoint_score, halves=None, points=None, longer=None):
        self.halves = halves
        self.longer = longer
        self.points = tuple(points or [Keypoint(1, 1, keypoint_score)] * 17)

    def apart(self, image, person):
        return self.halves and tuple(self.run(image, box, 0.8) for box in self.halves)

    def alone(self, image, person):
        return self.run(image, person.box, 0.7)

    def cut_short(self, _image, person):
        return self.longer.run(_image, person.box, 0.6) if self.longer else person

    def run(self, _image, box, score):
        return Person(box, score, self.points, Gate(True, True), "front", 0.9, "male", 0.9)


class FakeEmbedding:
    key, dim = "fake:0", 4
    worn_color = None

    def run(self, image, boxes):
        return self.run_many([(image, box) for box in boxes])

    def run_many(self, crops):
        return [
            Embedded(
                np.array([box.x0, box.y0, box.x1, box.y1], np.float32),
                {"color": {"red": 0.9, "blue": 0.1}},
            )
            for _, box in crops
        ]

    def worn(self, vector):
        return vector * np.array([1, 1, 1, -1], np.float32)

    def told(self, read, words):
        return read.vector * (2 if words.get("color") == "red" else 1)

    def read_as(self, read, head, probabilities):
        assert head == "color"
        return Embedded(10 * read.vector, {**read.probabilities, head: probabilities})


class Bluer:
    """A correction by which all is blue that is seen whole, white all that a mask cuts out."""

    def probabilities(self, head, _pixels, weights):
        assert dict(head) == {"red": 0.9, "blue": 0.1}
        return {"blue": 0.3, "white": 0.7 if weights.min() == weights.max() == 200 else 0.2}


def analyzer_of(detections, keypoint_score=0.9):
    return Analyzer(
        FakeArticles(detections), FakePerson(keypoint_score), FakeEmbedding(), Settings()
    )


IMAGE = np.full((400, 300, 3), 250, np.uint8)


def test_parse_composes_the_stages():
    detections = [seen("person", (100, 50, 200, 350)), seen("topwear", (110, 100, 190, 200))]
    look = analyzer_of(detections).parse(IMAGE)
    assert (look.photo, look.width, look.height) == ("<array>", 300, 400)
    assert look.person is not None
    (article,) = look.articles
    assert article.attributes == {"color": "red"}
    np.testing.assert_array_equal(article.vector, [110, 100, 190, -200])  # as something worn
    assert list(look.timing_ms) == ["decode", "article", "person", "embedding", "attributes"]


def test_what_is_worn_has_the_corrected_color_in_its_words_and_its_vector():
    detections = [seen("person", (100, 50, 200, 350)), seen("topwear", (110, 100, 190, 200))]
    embedding = FakeEmbedding()
    embedding.worn_color = Bluer()
    person = FakePerson(0.9)
    analyzer = Analyzer(FakeArticles(detections), person, embedding, Settings())
    (article,) = analyzer.parse(IMAGE).articles
    assert article.attributes == {"color": "blue"}  # though the network is surer, of red
    np.testing.assert_array_equal(article.vector, [1100, 1000, 1900, -2000])
    # A box that somebody drew is cut out by the mask of its category.
    drawn = analyzer.article_in(IMAGE, Box(1, 2, 3, 4), "bag", worn=True)
    assert drawn.attributes == {"color": "white"}
    assert drawn.mask is None
    lone = Analyzer(FakeArticles(detections[1:]), person, embedding, Settings())
    (shoe,) = lone.parse(IMAGE).articles
    assert shoe.attributes == {"color": "red"}
    np.testing.assert_array_equal(shoe.vector, [110, 100, 190, 200])


def test_a_person_without_key_points_is_none():
    detections = [seen("person", (0, 0, 300, 400)), seen("footwear", (20, 100, 280, 300))]
    look = analyzer_of(detections, keypoint_score=0.1).parse(IMAGE)
    assert look.person is None
    assert [article.category for article in look.articles] == ["footwear"]


def test_of_two_people_in_one_box_the_clearer_one_keeps_what_is_in_their_half():
    left, right = Box(0, 0, 150, 400), Box(150, 0, 300, 400)
    mine = [seen("topwear", (160, 80, 290, 200)), seen("footwear", (180, 350, 270, 400))]
    theirs = [seen("headwear", (40, 0, 110, 50)), seen("bag", (10, 200, 60, 260))]
    people = FakePerson(0.9, halves=(right, left))
    analyzer = Analyzer(
        FakeArticles([seen("person", (0, 0, 300, 400)), *mine, *theirs]),
        people,
        FakeEmbedding(),
        Settings(),
    )
    look = analyzer.parse(IMAGE)
    assert look.person is not None
    assert look.person.box == right
    assert [article.box for article in look.articles] == [found.box for found in mine]


def test_who_stands_beside_someone_found_is_not_taken_for_two():
    left, right = Box(0, 0, 145, 400), Box(150, 0, 300, 400)
    mine = seen("topwear", (20, 80, 130, 200))
    halves = (Box(70, 0, 145, 400), Box(0, 0, 70, 400))
    persons = [seen("person", (0, 0, 145, 400), 0.9), seen("person", (150, 0, 300, 400), 0.8)]
    look = Analyzer(
        FakeArticles([*persons, mine, seen("bag", (160, 200, 200, 260))]),
        FakePerson(0.9, halves=halves),
        FakeEmbedding(),
        Settings(),
    ).parse(IMAGE)
    assert look.person is not None
    assert (look.person.box, look.person.score) == (left, 0.7)  # read again, alone
    assert [article.box for article in look.articles] == [mine.box]
    assert right not in (article.box for article in look.articles)


def test_without_a_person_nothing_is_worn():
    analyzer = analyzer_of([seen("footwear", (20, 100, 280, 300))])
    (shoe,) = analyzer.parse(IMAGE).articles
    np.testing.assert_array_equal(shoe.vector, [20, 100, 280, 300])
    drawn = analyzer.article_in(IMAGE, Box(1, 2, 3, 4), "bag", worn=True)
    np.testing.assert_array_equal(drawn.vector, [1, 2, 3, -4])


def test_what_is_said_of_a_picture_is_the_same_whatever_comes_with_it():
    analyzer = Analyzer.open(Settings(threads=1))
    pictures = sorted((SAMPLE / "images" / "products").glob("*.jpg"))[:5]
    items = [(decode(path), Product(id=path.stem, category="topwear")) for path in pictures]
    together = [found.vector.tobytes() for found in analyzer.describe(items)]
    assert [analyzer.describe([item])[0].vector.tobytes() for item in items] == together
    turned = analyzer.describe(items[::-1])
    assert [found.vector.tobytes() for found in turned[::-1]] == together


def test_a_picture_is_inspected_as_a_catalog_and_as_a_photo_see_it():
    """The same as by `describe` and `parse_image`, with one run of the article network."""
    analyzer = Analyzer.open(Settings(threads=1, article_threshold=0.9))
    session = analyzer._articles._session
    plain, ran = session.run, []
    session.run = lambda feeds: ran.append(1) or plain(feeds)
    path = SAMPLE / "images" / "looks" / "look_001.jpg"
    image, product = decode(path), Product("1", category="topwear")
    kept, look = analyzer.inspect(image, product)
    assert ran == [1]
    (described,) = analyzer.describe([(image, product)])
    assert (kept.vector.tobytes(), kept.box, kept.attributes) == (
        described.vector.tobytes(),
        described.box,
        described.attributes,
    )
    photo = analyzer.parse_image(image, "1")
    assert look.person == photo.person
    assert [(a.category, a.box, a.score) for a in look.articles] == [
        (a.category, a.box, a.score) for a in photo.articles
    ]
    assert [article.vector for article in look.articles] == [None] * len(photo.articles)
    assert len(photo.articles) == 1  # as a catalog sees it, with a lower threshold, three


def test_a_products_words_are_told_to_its_vector():
    products = [Product("1", category="topwear", color=color) for color in ("red", "")]
    detections = [seen("topwear", (10, 10, 60, 60), 0.7)]
    red, plain = analyzer_of(detections).describe([(IMAGE, one) for one in products])
    np.testing.assert_array_equal(red.vector, [20, 20, 120, 120])
    np.testing.assert_array_equal(plain.vector, [10, 10, 60, 60])


class TypedEmbedding(FakeEmbedding):
    """Sees heels first, then handbags, in every crop."""

    def run_many(self, crops):
        seen = {"type": {"heels": 0.7, "handbags": 0.2}}
        return [Embedded(one.vector, seen) for one in super().run_many(crops)]


@pytest.mark.parametrize(
    ("product", "kind"),
    [(Product("1", category="bag"), "handbags"), (Product("IMG_1", "IMG_1"), "heels")],
)
def test_a_described_type_is_one_of_the_category_told_or_shown(product, kind):
    articles = FakeArticles([seen("footwear", (10, 10, 60, 60), 0.7)])
    analyzer = Analyzer(articles, FakePerson(0.9), TypedEmbedding(), Settings())
    (found,) = analyzer.describe([(IMAGE, product)])
    assert found.attributes["type"][0] == kind


@pytest.mark.parametrize(("sure", "said"), [(0.39, {"color": "red"}), (0.4, {"type": "heels"})])
def test_what_the_network_is_unsure_of_is_not_said(monkeypatch, sure, said):
    found = Embedded(np.ones(4, np.float32), {"type": {"heels": sure}, "color": {"red": 0.9}})
    monkeypatch.setattr(FakeEmbedding, "run_many", lambda _, crops: [found] * len(crops))
    (shoe,) = analyzer_of([seen("footwear", (20, 100, 280, 300))]).parse(IMAGE).articles
    assert shoe.attributes == {"color": "red"} | said


def test_a_part_of_the_time_that_comes_twice_is_added(monkeypatch):
    ticks = iter([1.0, 1.5, 4.0, 4.25])
    monkeypatch.setattr("thatlook.vision.analyzer.time.perf_counter", lambda: next(ticks))
    watch = Stopwatch()
    for _ in range(2):
        with watch.part("article"):
            pass
    assert watch.timing_ms == {"article": pytest.approx(750)}


def test_nothing_at_all():
    look = analyzer_of([]).parse(IMAGE)
    assert look.person is None
    assert look.articles == ()


def test_describe_takes_the_products_own_article_else_the_foreground():
    image = IMAGE.copy()
    image[100:200, 50:250] = 0
    detections = [seen("topwear", (10, 10, 60, 60), 0.7), seen("topwear", (5, 5, 50, 50), 0.4)]
    shirt, shoe = analyzer_of(detections).describe(
        [(image, Product("1", category="topwear")), (image, Product("2", category="footwear"))]
    )
    assert (shirt.box, shirt.article_score, shirt.found) == (Box(10, 10, 60, 60), 0.7, True)
    assert (shoe.box, shoe.article_score, shoe.found) == (Box(50, 100, 250, 200), 0.0, False)


def test_describe_asks_lower_for_what_must_be_there():
    detections = [seen("topwear", (10, 10, 60, 60), 0.2), seen("dress", (0, 0, 90, 90), 0.9)]
    analyzer = analyzer_of(detections)
    (shirt,) = analyzer.describe([(IMAGE, Product("1", category="topwear"))])
    assert (shirt.box, shirt.found) == (Box(10, 10, 60, 60), True)
    assert [article.category for article in analyzer.parse(IMAGE).articles] == ["dress"]


@pytest.mark.parametrize(
    ("product", "category"),
    [
        (Product("IMG_1", "IMG_1"), "topwear"),
        (Product("2", "Acme diving watch"), ""),
        (Product("3", product_type="Perfume"), ""),
        (Product("4", category="footwear"), ""),
    ],
)
def test_a_product_without_words_gets_the_category_its_picture_shows(product, category):
    detections = [seen("topwear", (10, 10, 60, 60), 0.7), seen("bag", (0, 0, 20, 20), 0.5)]
    (found,) = analyzer_of(detections).describe([(IMAGE, product)])
    assert found.category == category
    assert (found.box == Box(10, 10, 60, 60)) is (category == "topwear")
    unsure = [seen("topwear", (10, 10, 60, 60), 0.3)]
    assert analyzer_of(unsure).describe([(IMAGE, product)])[0].category == ""


def test_embed_takes_whole_crops_and_none():
    analyzer = analyzer_of([])
    np.testing.assert_array_equal(analyzer.embed([IMAGE]), [[0, 0, 300, 400]])
    assert analyzer.embed([]).shape == (0, 4)


def test_warming_up_runs_every_network_once():
    ran = []

    class Stage:
        def __init__(self, name):
            self.name = name

        def run(self, image, *_):
            assert image.shape[2] == 3
            ran.append(self.name)

    Analyzer(Stage("article"), Stage("person"), Stage("embedding"), Settings()).warm()
    assert ran == ["article", "person", "embedding"]


def test_prominence_counts_the_root_of_the_share_the_score_and_the_distance_from_the_middle():
    # A fifth of a 100 x 100 photo's side: 0.04 of it, the root is 0.2; its middle is the photo's.
    middle = Detection("person", Box(40, 40, 60, 60), 0.5)
    assert person_prominence(middle, 100, 100) == pytest.approx(0.5 * 0.2)
    # 0.3 and 0.4 of the sides off the middle are 0.5.
    off = Detection("person", Box(70, 80, 90, 100), 0.5)
    assert person_prominence(off, 100, 100) == pytest.approx(0.5 * 0.2 * 0.5)


def test_an_article_is_the_persons_up_to_a_tenth_beyond_the_box():
    person = Box(100, 100, 200, 300)
    # scaled(1.1) is 95..205: of a bag at 200..210 that is just half, of one at 201..211 less.
    assert labels(worn_by(person, [], [seen("bag", (200, 150, 210, 160))])) == [("bag", 0.9)]
    assert worn_by(person, [], [seen("bag", (201, 150, 211, 160))]) == []


def test_a_drawn_box_is_believed():
    look = Analyzer(FakeArticles([]), FakePerson(0.9), FakeEmbedding(), Settings())
    found = look.article_in(IMAGE, Box(10, 20, 60, 90), "bag")
    assert (found.category, found.box, found.score) == ("bag", Box(10, 20, 60, 90), 1.0)


@pytest.mark.parametrize("one", [5, None, "a.jpg", b"JPEG"])
def test_one_crop_is_not_a_list_of_crops(one):
    look = Analyzer(FakeArticles([]), FakePerson(0.9), FakeEmbedding(), Settings())
    with pytest.raises(SettingsError, match="expected a list of crops"):
        look.embed(one)
