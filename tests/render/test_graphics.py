from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from thatlook.render import page, photo, svg


def tree(text):
    return ET.fromstring(text.replace("&#8594;", "").replace("&#8595;", ""))


def test_a_curve_goes_where_its_axes_say():
    plot = svg.curves({"a": [(0, 0), (10, 50)]}, svg.Axis("x", 0, 10), svg.Axis("y", 0, 100))
    (line,) = tree(plot).findall("polyline")
    # The plotted area is 430 x 290 px from (56, 12): half way up is 157.
    assert line.get("points") == "56.0,302.0 486.0,157.0"
    assert {"0", "2", "10", "20", "100"} <= {t.text for t in tree(plot).findall("text")}


def test_what_is_off_the_axis_stays_on_its_edge_and_an_empty_line_is_left_out():
    plot = svg.curves({"a": [(-1, 2)], "b": []}, svg.Axis("x"), svg.Axis("y"), dotted=True)
    assert [line.get("points") for line in tree(plot).findall("polyline")] == ["56.0,12.0"]
    assert len(tree(plot).findall("circle")) == 1
    assert ">b<" not in plot


def test_a_matrix_is_shaded_by_the_share_of_the_row():
    plot = svg.matrix(["x", "y"], ["<x>", "y"], [[3, 1], [0, 0]])
    cells = tree(plot).findall("g")
    # 0.05 + 0.75 x share
    assert [cell.find("rect").get("fill-opacity") for cell in cells] == [
        "0.61",
        "0.24",
        "0.05",
        "0.05",
    ]
    assert cells[0].find("title").text == "x, found <x>: 3 of 4 (75.0%)"
    assert [len(cell.findall("text")) for cell in cells] == [1, 1, 0, 0]


def test_a_table_shows_numbers_as_numbers_and_words_as_words():
    shown = page.table(["a<"], [[0.12345], [12000], ["<b>"], [float("nan")]])
    assert '<th class="number">a&lt;</th>' in shown
    assert "<th>a</th>" in page.table(["a"], [["b"]])
    assert re.findall(r'<td class="number">([^<]*)', shown) == ["0.123", "12,000", "no data"]
    assert "<td>&lt;b&gt;</td>" in shown


def test_a_photo_with_boxes_and_joints():
    points = [(float(k), 2.0 * k, 0.9 if k in {5, 6} else 0.1) for k in range(17)]
    shown = photo.figure(
        np.zeros((60, 30, 3), np.uint8),
        ["<a>", "b"],
        [photo.Mark([1, 2, 11, 22], "bag", "#123456", dashed=True)],
        [(points, "#ff0000")],
    )
    figure = tree(shown)
    (box,) = figure.findall("svg/rect")
    assert [box.get(k) for k in ("x", "y", "width", "height")] == ["1.0", "2.0", "10.0", "20.0"]
    assert box.get("stroke-dasharray")
    assert [line.get("x2") for line in figure.findall("svg/line")] == ["6.0"]
    # 5 is the left shoulder, 6 the right one.
    assert [c.get("fill") for c in figure.findall("svg/circle")] == ["#ff0000", "#fff"]
    assert figure.find("figcaption").text == "<a>"
    assert figure.find("svg/image").get("href").startswith("data:image/webp;base64,")


def test_the_page_follows_light_and_dark_and_asks_nobody():
    shown = page.document("t", page.section("h", page.tiles({"f": "0.9"}), lead="<l>"))
    assert "prefers-color-scheme: dark" in shown
    assert "<p>&lt;l&gt;</p>" in shown
    assert "http" not in shown.replace("http-equiv", "")


@pytest.mark.parametrize(("name", "color"), [("bag", "#a0760a"), ("person", "#2b8a3e")])
def test_colors(name, color):
    assert photo.color_of(name) == color
    assert photo.color_of("teapot") == photo.OTHER_COLOR
