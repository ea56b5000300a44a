// Long work in steps: presses “Go on”, which stands there for those without scripts.
document.getElementById("continue").requestSubmit();
