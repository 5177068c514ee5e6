"""The path of a reorganisation: the dip month by month, and when it has paid back."""

from __future__ import annotations

from dataclasses import replace

from salessim.show.page import png
from salessim.show.path_figure import path_figure
from salessim.study.path import path_of
from salessim.widgets.answer import words_html
from salessim.widgets.texts import text
from salessim.widgets.views.replayed import looks
from salessim.widgets.views.view import Drawn, Scene, View
from salessim.words import sentence

__all__ = ["PathView"]


class PathView(View):
    """What the plan does to revenue and contribution from month to month."""

    name = "path"

    def draw(self, scene: Scene) -> Drawn:
        """Draw the path; without another plan than the baseline there is none."""
        if scene.stage.same:
            return Drawn(html=words_html([text("same plan", scene.language)]))
        pair = scene.stage.pair
        path = replace(path_of(pair, pair.names[1]), baseline=scene.names[0], name=scene.names[1])
        look = looks(scene)[scene.live]
        figure = path_figure(path, scene.language, width=scene.width, height=scene.height, look=look)
        return Drawn(
            png(figure, scene.fine), key=sentence("path note", scene.language, n=pair.replications),
            alt=path.text(scene.language).replace("\n", " "),
        )  # fmt: skip
