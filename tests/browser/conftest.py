"""JupyterLab and Voilà on this machine with the cockpit's notebook in it, and a real browser looking at it."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from salessim.cli.launch import app_command

ROOT = Path(__file__).resolve().parents[2]
BROWSER = next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
PATIENCE = 180.0  # seconds for whatever has to be prepared; the bars of the tests are far below
SETTINGS = {  # no pop-up over the page, no question about a changed file
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True,
    },
}  # fmt: skip
READY = """() => {
    const widget = window.jupyterapp?.shell.currentWidget, kernel = widget?.sessionContext?.session?.kernel;
    return kernel && kernel.status === 'idle' && widget.context.isReady; }"""
# Notes when a key or button was pressed, and when the picture of each newer request was there to see: decoded, painted.
WATCH = """() => {
    window.ss = {pressed: 0, stage: '', drawn: {}};
    const verdict = document.querySelector('.ss-verdict');
    new MutationObserver(() => {
        const mark = verdict.querySelector('.ss-said')?.dataset.mark;
        if (mark && !(mark in window.ss.drawn)) {
            window.ss.drawn[mark] = 0;
            const picture = document.querySelector('img.ss-picture');
            (picture ? picture.decode() : Promise.resolve()).catch(() => 0).then(() => requestAnimationFrame(
                () => { window.ss.drawn[mark] = performance.now(); })); }
    }).observe(verdict, {childList: true, subtree: true});
    for (const kind of ['keydown', 'click'])
        document.addEventListener(kind, () => {
            window.ss.pressed = performance.now();
            window.ss.stage = document.querySelector('.ss-status-text').dataset.stage; }, true); }"""


# What is clipped: wider inside than outside.
FITS = """() => [...document.querySelectorAll('.ss-cockpit *')]
    .filter(one => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX !== 'visible'
                   && one.clientWidth > 0 && getComputedStyle(one).textOverflow !== 'ellipsis'
                   && one.tagName !== 'INPUT')
    .map(one => `${one.className}: ${one.scrollWidth} in ${one.clientWidth}`)"""


@pytest.fixture(scope="session", autouse=True)
def browser_path() -> str:
    """Where the browser is; without one nothing can be driven."""
    if BROWSER is None:
        pytest.skip("no chromium on this machine: apt-get install chromium fonts-wqy-microhei")
    return BROWSER


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def inside(place: Path) -> dict[str, str]:
    """Return an environment in which Jupyter keeps everything below a folder, and nothing of the user's is read."""
    folders = {
        "JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "workspaces", "IPYTHONDIR": "ipython",
    }  # fmt: skip
    return {**os.environ, **{name: str(place / folder) for name, folder in folders.items()}}


def copied(place: Path) -> Path:
    """Copy the notebooks: JupyterLab saves by itself into what it serves."""
    books = place / "notebooks"
    shutil.copytree(ROOT / "notebooks", books, ignore=shutil.ignore_patterns(".*"))
    return books


@contextmanager
def served(command: list[str], environment: dict[str, str], place: Path, alive: str) -> Iterator[None]:
    """Run a server until the block ends; wait until an address of it answers."""
    log = (place / "server.log").open("w", encoding="utf-8")
    server = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT, cwd=place)
    try:
        end = time.monotonic() + PATIENCE
        while True:
            try:
                urllib.request.urlopen(alive, timeout=20).close()
                break
            except (urllib.error.URLError, OSError):
                assert server.poll() is None, (place / "server.log").read_text(encoding="utf-8")[-2000:]
                assert time.monotonic() < end, "the server did not come up"
                time.sleep(0.1)
        yield
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait(20)
        log.close()


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """Serve a copy of the notebooks in JupyterLab; give the address of one of them."""
    place = tmp_path_factory.mktemp("lab")
    books = copied(place)
    settings = place / "config" / "labconfig"
    settings.mkdir(parents=True)
    (settings / "default_setting_overrides.json").write_text(json.dumps(SETTINGS), encoding="utf-8")
    token, port = secrets.token_hex(16), _free_port()
    environment = {**inside(place), "JUPYTER_CONFIG_PATH": str(place / "config")}
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}",
        f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={books}", "--LabApp.expose_app_in_browser=True",
        "--LabApp.news_url=None",
    ]  # fmt: skip
    base = f"http://127.0.0.1:{port}"
    with served(command, environment, place, f"{base}/api/status?token={token}"):
        yield lambda name: f"{base}/doc/tree/{name}?reset&token={token}"


@pytest.fixture(scope="session")
def voila(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Show the cockpit alone as `salessim app` does; give its address, with the token."""
    place = tmp_path_factory.mktemp("voila")
    token, port = secrets.token_hex(16), _free_port()
    command = app_command(copied(place) / "00_cockpit.ipynb", port=port, browser=False)
    base = f"http://127.0.0.1:{port}"
    with served(command, {**inside(place), "JUPYTER_TOKEN": token}, place, f"{base}/login"):
        yield f"{base}/?token={token}"


@pytest.fixture(scope="session")
def chromium(browser_path: str) -> Iterator[Any]:
    """A browser without a window, with nothing kept from before."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=browser_path, args=ARGUMENTS)
        yield browser
        browser.close()


class Page:
    """The page of a notebook with a cockpit in it."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.problems: list[str] = []
        page.on("pageerror", lambda error: self.problems.append(str(error)))

    def run_all(self, address: str) -> None:
        """Open a notebook, run all its cells and wait for the first answer."""
        self.page.goto(address)
        self.until_kernel()
        self.page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
        self.until_ready()
        self.watch()

    def until_kernel(self) -> None:
        """Wait until a notebook in JupyterLab can be run: too early a command does nothing."""
        self.page.wait_for_function(READY, timeout=1000 * PATIENCE)

    def watch(self) -> None:
        """Note from now on when pictures are painted."""
        self.page.evaluate(WATCH)

    def find(self, name: str) -> Any:
        """Find a widget by its name."""
        return self.page.locator(f".ss-{name}").first

    def stage(self) -> str:
        """Return how far the answer is: preview, ready, running, stopped, wrong."""
        return str(self.page.locator(".ss-status-text").first.get_attribute("data-stage"))

    def mark(self) -> int:
        """Return the number of the request that is answered on the page; 0 where there is none."""
        found = self.page.evaluate("document.querySelector('.ss-said')?.dataset.mark ?? '0'")
        return int(found)

    def until_ready(self) -> None:
        """Wait until all futures are there."""
        self.page.wait_for_selector('[data-stage="ready"]', state="attached", timeout=1000 * PATIENCE)

    def until_steady(self) -> None:
        """Wait until all futures are there and the picture on the page is decoded."""
        self.until_ready()
        self.page.wait_for_function("document.querySelector('img.ss-picture')?.complete ?? true")

    def until_answered(self, before: int) -> None:
        """Wait for an answer to a newer request."""
        self.page.wait_for_function(
            "before => Number(document.querySelector('.ss-said')?.dataset.mark ?? 0) > before", arg=before,
            timeout=1000 * PATIENCE,
        )  # fmt: skip

    def until_drawn(self, before: int) -> float:
        """Wait for the picture of a newer request; return the milliseconds since a key or button was pressed."""
        found = self.page.wait_for_function(
            """before => { const drawn = window.ss.drawn, mark = Object.keys(drawn).map(Number).find(n => n > before);
                           return mark && drawn[mark] ? drawn[mark] - window.ss.pressed : null; }""",
            arg=before, timeout=1000 * PATIENCE, polling="raf",
        )  # fmt: skip
        return float(found.json_value())

    def misfits(self) -> list[str]:
        """Return what is clipped because it is wider than its place."""
        return list(self.page.evaluate(FITS))

    def words(self, name: str) -> str:
        """Return what a widget says."""
        return str(self.find(name).inner_text())

    def handle(self, name: str) -> Any:
        """Return what of a lever takes the keys."""
        return self.page.locator(
            f".ss-{name} .noUi-handle, .ss-{name} button, .ss-{name} input"
        ).first


@pytest.fixture
def page(chromium: Any) -> Iterator[Page]:
    """A page of its own, which may not meet an error of its own."""
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    made = Page(context.new_page())
    yield made
    context.close()
    assert made.problems == []


@pytest.fixture(scope="session")
def opened(lab: Callable[[str], str], chromium: Any) -> Iterator[Page]:
    """The cockpit's notebook, run; shared by the tests, each of which resets it."""
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    page = Page(context.new_page())
    page.run_all(lab("00_cockpit.ipynb"))
    yield page
    context.close()


@pytest.fixture
def cockpit(opened: Page) -> Iterator[Page]:
    """The cockpit in English with every lever where it started; the page may not meet an error of its own."""
    reset(opened)
    yield opened
    assert opened.problems == []


def reset(page: Page) -> None:
    """Put everything back, as a user would."""
    if not page.page.locator(".ss-language button.mod-active", has_text="English").count():
        before = page.mark()
        page.find("language").locator("button", has_text="English").click()
        page.until_answered(before)
    page.page.set_viewport_size({"width": 1280, "height": 720})
    if page.page.locator(".ss-panel.mod-active").count():
        page.find("panel").click()
    if not page.page.locator(".ss-views button.mod-active", has_text="Revenue").count():
        before = page.mark()
        page.page.locator(".ss-views button", has_text="Revenue").click()
        page.until_answered(before)
    for lock in page.page.locator(".ss-cockpit .ss-lock.mod-active:visible").all():
        lock.click()
    if page.find("reset").is_enabled():
        before = page.mark()
        page.find("reset").click()
        page.until_answered(before)
    page.until_ready()
