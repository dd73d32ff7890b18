"""Theme and style sheets: neutral greys, one accent colour, system fonts."""

from __future__ import annotations

from pathlib import Path

import gradio as gr
from gradio.themes.utils import colors, sizes

FONT = (
    "system-ui",
    "-apple-system",
    "Segoe UI",
    "Roboto",
    "Helvetica Neue",
    # Korean fonts have some of Japan's signs in another form, Japanese ones no Korean: those first.
    "Hiragino Sans",
    "Noto Sans JP",
    "Yu Gothic",
    "Apple SD Gothic Neo",
    "Noto Sans KR",
    "Malgun Gothic",
    "sans-serif",
)
MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace")

HEAD = '<meta name="referrer" content="no-referrer"><meta name="color-scheme" content="light dark">'

# Nearly neutral, because visitors judge skin colours against them.
_GREYS = colors.Color(
    name="greys",
    c50="#FAFAF9",
    c100="#F4F4F3",
    c200="#E6E6E5",
    c300="#D2D2D1",
    c400="#A3A3A2",
    c500="#747473",
    c600="#575757",
    c700="#3E3E3F",
    c800="#29292A",
    c900="#1B1B1C",
    c950="#121213",
)
_ACCENT = colors.Color(
    name="accent",
    c50="#EFF4FB",
    c100="#DCE7F6",
    c200="#BAD0EE",
    c300="#8FB2E2",
    c400="#6A96D6",
    c500="#3F72BD",
    c600="#2B5CA5",
    c700="#234B87",
    c800="#1C3B6A",
    c900="#152B4E",
    c950="#0E1D35",
)


def css() -> str:
    """The style sheets: that of the page, then those of its components."""
    here = Path(__file__).parent
    sheets = [here / "page.css", *sorted((here / "css").glob("*.css"))]
    return "\n".join(sheet.read_text(encoding="utf-8") for sheet in sheets)


def theme() -> gr.themes.Base:
    """Gradio's base theme in our colours."""
    base = gr.themes.Base(
        primary_hue=_ACCENT,
        secondary_hue=_GREYS,
        neutral_hue=_GREYS,
        font=FONT,
        font_mono=MONO,
        text_size=sizes.text_sm,
        spacing_size=sizes.spacing_sm,
        radius_size=sizes.radius_sm,
    )
    return base.set(
        body_background_fill="*neutral_100",
        body_background_fill_dark="*neutral_900",
        body_text_color="*neutral_900",
        body_text_color_dark="*neutral_200",
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_400",
        background_fill_primary="*neutral_50",
        background_fill_primary_dark="*neutral_900",
        background_fill_secondary="*neutral_100",
        background_fill_secondary_dark="*neutral_800",
        border_color_primary="*neutral_300",
        border_color_primary_dark="*neutral_700",
        block_background_fill="transparent",
        block_background_fill_dark="transparent",
        block_border_width="0px",
        block_shadow="none",
        block_padding="0",
        block_title_text_color="*neutral_900",
        block_title_text_color_dark="*neutral_200",
        block_title_text_weight="500",
        block_info_text_color="*neutral_600",
        block_info_text_color_dark="*neutral_400",
        input_background_fill="white",
        input_background_fill_dark="*neutral_800",
        input_border_color="*neutral_300",
        input_border_color_dark="*neutral_700",
        input_border_width="1px",
        input_shadow="none",
        panel_background_fill="transparent",
        panel_background_fill_dark="transparent",
        slider_color="*neutral_500",
        slider_color_dark="*neutral_400",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_background_fill_dark="*primary_600",
        button_primary_background_fill_hover_dark="*primary_500",
        button_primary_text_color="white",
        button_secondary_background_fill="transparent",
        button_secondary_background_fill_dark="transparent",
        button_secondary_background_fill_hover="*neutral_200",
        button_secondary_background_fill_hover_dark="*neutral_800",
        button_secondary_border_color="*neutral_300",
        button_secondary_border_color_dark="*neutral_700",
        button_border_width="1px",
        button_large_radius="6px",
        loader_color="*neutral_500",
    )
