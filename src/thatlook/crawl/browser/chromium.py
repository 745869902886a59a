"""Finds Chromium and its driver on this machine and starts them."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from thatlook.core.errors import FetchError, MissingExtraError

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_BROWSER_PATHS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
)
_DRIVER_PATHS = ("/usr/lib/chromium/chromedriver", "/usr/lib/chromium-browser/chromedriver")

FLAGS = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-pings",
    "--mute-audio",
    # Pictures are fetched once, by the crawler, with checks; the page only has to name them.
    "--blink-settings=imagesEnabled=false",
    "--window-size=1366,1800",
)


def browser_path() -> str:
    """Where Chromium is: THATLOOK_CHROMIUM, the PATH, the usual places.

    Raises FetchError, which says what to install.
    """
    return _found("Chromium", "THATLOOK_CHROMIUM", _BROWSERS, _BROWSER_PATHS)


def driver_path() -> str:
    """Where ChromeDriver is: THATLOOK_CHROMEDRIVER, the PATH, the usual places.

    Raises FetchError, which says what to install.
    """
    return _found("ChromeDriver", "THATLOOK_CHROMEDRIVER", ("chromedriver",), _DRIVER_PATHS)


def _found(what: str, variable: str, names: tuple[str, ...], paths: tuple[str, ...]) -> str:
    given = os.environ.get(variable)
    if given:
        if Path(given).is_file():
            return given
        raise FetchError(f"{variable} names {given}, which is not there")
    for candidate in (*(shutil.which(name) for name in names), *paths):
        if candidate and Path(candidate).is_file():
            return candidate
    raise FetchError(
        f"{what} was not found; pages that render in the browser need it: "
        "apt-get install chromium chromium-driver (Debian, Ubuntu), "
        "brew install chromium chromedriver (macOS), "
        f"or set {variable} to its path"
    )


def start(folder: Path, user_agent: str, addresses: Mapping[str, str], timeout_s: float) -> Any:
    """A selenium driver of a new headless Chromium with an empty profile under `folder`.

    It reaches the hosts of `addresses`, each at the one address given there, and nothing else.
    Raises MissingExtraError; FetchError where Chromium is not there or does not start.
    """
    try:
        from selenium import webdriver
        from selenium.common.exceptions import WebDriverException
        from selenium.webdriver.chrome.service import Service
    except ImportError as error:
        raise MissingExtraError("a shop that renders in the browser", "crawl") from error
    options = webdriver.ChromeOptions()
    options.binary_location = browser_path()
    for flag in (*FLAGS, *_own_flags(folder, user_agent, addresses)):
        options.add_argument(flag)
    options.enable_bidi = True
    # Requests wait for their turn; the driver must answer meanwhile, so it waits for no page.
    options.page_load_strategy = "none"
    # What a killed browser leaves in the temporary folder goes with the profile.
    service = Service(driver_path(), env=os.environ | {"TMPDIR": str(folder)})
    try:
        driver = webdriver.Chrome(options=options, service=service)
    except WebDriverException as error:
        raise FetchError(f"Chromium did not start: {str(error.msg).splitlines()[0]}") from error
    driver.set_script_timeout(timeout_s)
    return driver


def _own_flags(folder: Path, user_agent: str, addresses: Mapping[str, str]) -> list[str]:
    pins = [f"MAP {host} {_bracketed(address)}" for host, address in addresses.items()]
    flags = [
        f"--user-data-dir={folder / 'profile'}",
        f"--user-agent={user_agent}",
        f"--host-resolver-rules={', '.join([*pins, 'MAP * ~NOTFOUND'])}",
        "--no-proxy-server",
    ]
    if sys.platform != "win32" and os.geteuid() == 0:
        flags.append("--no-sandbox")  # Chromium refuses to run as root with it
    return flags


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address
