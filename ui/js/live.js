// Shows a preview, and requests the full result once nothing has moved for a while.
const show = async (shown) => {
  for (const name of ['live-arrived', 'live-shown']) performance.clearMarks(name);
  performance.mark('live-arrived', { detail: shown.seconds });
  const strip = document.getElementById('strip');
  const figure = strip.querySelector(`figure[data-letter="${shown.letter}"]`);
  const picture = figure?.querySelector(`img.${shown.picture}`);
  const late = () => Number(figure.dataset.serial) > shown.serial;
  if (picture && !late()) {
    figure.dataset.serial = shown.serial;
    const next = new Image();
    next.src = shown.source;
    await next.decode();
    if (late()) return;
    if (!figure.classList.contains('p-preview')) {
      // The preview's aspect ratio may differ by a rounded pixel, which would move the page.
      picture.style.aspectRatio = `${picture.naturalWidth} / ${picture.naturalHeight}`;
      figure.classList.add('p-preview');
      figure.setAttribute('aria-busy', 'true');
    }
    picture.src = next.src;
    const eyes = figure.querySelector('.p-eyes-strip');
    if (shown.eyes) eyes.src = shown.eyes;
    eyes.classList.toggle('p-stale', !shown.eyes);
    picture.alt = `${shown.letter} · ${shown.title}. ${shown.caption}`;
    const title = figure.querySelector('header b');
    if (title) title.textContent = shown.title;
    const over = strip.querySelector('.p-split-name + .p-split-name');
    if (over) over.textContent = shown.title;
    figure.querySelector('.p-gaze')?.setAttribute('data-preview', shown.caption);
    picture.decode().then(() => performance.mark('live-shown'), () => {});
  }
  clearTimeout(strip.resting);
  const settle = () => {
    // The picture is not replaced under a finger.
    if (strip.classList.contains('p-aiming')) strip.resting = setTimeout(settle, shown.rest);
    else document.getElementById('settle')?.click();
  };
  strip.resting = setTimeout(settle, shown.rest);
};

// Watches the value instead of a Gradio event after the answer, which would update the whole page.
watch('value', () => props.value && show(JSON.parse(props.value)));
