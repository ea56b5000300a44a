/** Comfort for the form of a new site: shows the id that will be made from the name, and fills in
    the browser's time zone. Without it the server does the first, and asks for the second. */
const id = document.querySelector("[data-propose]");
const name = id && document.getElementById(id.dataset.propose);
if (name) {
  const propose = () => {
    const plain = name.value.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
    id.placeholder = plain.replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 40);
  };
  name.addEventListener("input", propose);
  propose();
}

const zone = document.querySelector("[data-zone]");
if (zone) {
  zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || zone.value;
}
