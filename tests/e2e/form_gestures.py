"""What a thumb does on the form page; shared by the tests of the form alone and of the whole app."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page


class FormGestures:
    """Gestures on `page`, which shows an open form."""

    page: Page

    def card(self, title: str) -> Any:
        return self.page.locator(".form-card", has=self.page.locator(".form-label", has_text=title))

    def choose(self, title: str, choice: str) -> None:
        self.card(title).locator(".form-choice", has_text=choice).first.click()

    def section(self, title: str) -> None:
        """Goes to a section by way of the contents."""
        self.contents()
        self.page.locator(".form-step-line", has_text=title).first.click()

    def contents(self) -> None:
        if self.page.locator(".form-contents").count() == 0:
            self.page.click(".form-contents-button")

    def by_section(self) -> None:
        self.contents()
        self.page.click("text=分段列出")

    def next(self) -> None:
        self.page.click(".form-foot .form-primary")

    def read_back(self) -> None:
        self.contents()
        self.page.click("text=看一遍再保存")

    def save(self) -> None:
        self.page.click("text=没问题，保存到本机")

    def take_photo(self, title: str) -> None:
        self.shoot(self.card(title))

    def shoot(self, card: Any) -> None:
        card.locator("text=拍照").click()
        self.page.click(".form-shutter")
        self.page.click("text=用这张")
        card.locator("img.form-photo").wait_for()

    def sign(self, title: str) -> None:
        self.draw(self.card(title))

    def draw(self, card: Any) -> None:
        """Writes something on the pad that covers the screen."""
        card.locator("text=/在这里签名|用手指画|重新画/").click()
        box = self.page.locator(".form-drawing-pad").bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        for dx in (-40, 30):
            self.page.mouse.move(x + dx, y - 60)
            self.page.mouse.down()
            self.page.mouse.move(x - dx, y + 60, steps=8)
            self.page.mouse.up()
        self.page.locator(".form-drawing .form-primary").click()
        card.locator("img.form-photo").wait_for()
