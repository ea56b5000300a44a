// Comfort for the desk's pages of people; they work without it.

const copy = document.querySelector("[data-copy]");
if (copy && navigator.clipboard) {
  copy.hidden = false;
  copy.addEventListener("click", async () => {
    const field = document.getElementById(copy.dataset.copy);
    field.select();
    await navigator.clipboard.writeText(field.value);
    document.querySelector("[data-copied]").hidden = false;
  });
}

// A long list of sites is shortened by typing; what is ticked stays in sight.
for (const list of document.querySelectorAll("[data-filtered]")) {
  const rows = [...list.querySelectorAll("label.tick")];
  const field = list.querySelector("[data-filter]");
  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  field.hidden = rows.length < 12;
  field.querySelector("input").addEventListener("input", (event) => {
    const wanted = plain(event.target.value.trim());
    for (const row of rows) {
      row.hidden = !plain(row.textContent).includes(wanted) && !row.querySelector("input").checked;
    }
  });
}
