// Comfort beside a short code: how long it still holds.

const shown = document.querySelector("[data-seconds]");
if (shown) {
  const end = Date.now() + shown.dataset.seconds * 1000;
  const tick = () => {
    const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
    const time = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    shown.hidden = false;
    shown.textContent = left ? shown.dataset.left.replace("%", time) : shown.dataset.over;
    if (left) setTimeout(tick, 1000);
  };
  tick();
}
