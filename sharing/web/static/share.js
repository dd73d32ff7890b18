// The before/after slider. Without this script the page is a plain grid.
const section = document.getElementById("slider");
const slide = section.querySelector(".slide");
const range = slide.querySelector("input");
const whole = document.getElementById("whole");

function show() {
  const framing = whole.checked ? "whole" : "close";
  for (const list of section.querySelectorAll("select")) {
    const picture = slide.querySelector(`img[data-side="${list.dataset.side}"]`);
    const chosen = list.selectedOptions[0];
    picture.src = chosen.dataset[framing];
    picture.alt = chosen.textContent;
  }
}

section.addEventListener("change", show);
for (const choice of document.querySelectorAll("input.framing")) choice.addEventListener("change", show);
range.addEventListener("input", () => slide.style.setProperty("--cut", `${range.value}%`));
show();
section.hidden = false;
