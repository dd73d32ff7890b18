// How many links this tab has published stands beside "Share", whose contents are made only when it
// is opened.
const { word } = element.firstElementChild.dataset;
const count = () => {
  const links = sessionStorage.presenceLinks?.match(/class="p-public"/g)?.length;
  if (links) document.querySelector('#share > button > span').dataset.links = ` · ${word}: ${links}`;
};
count();
addEventListener('links', count);
