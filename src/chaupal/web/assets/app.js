// What the desk's pages do beyond plain forms: live fragments, counts as one types, the theme
// without a reload, and how old each number is. Every page works without this file.
import htmx from "htmx.org";
import "htmx-ext-sse/dist/sse.esm.js";
import "idiomorph/htmx";

const page = document.documentElement;

// --- how old a number is -------------------------------------------------------------------
const skew = Number(page.dataset.now) * 1000 - Date.now();
const relative = new Intl.RelativeTimeFormat(page.lang, { numeric: "auto" });

function age(seconds) {
  if (seconds < 10) return page.dataset.justNow;
  if (seconds < 60) return relative.format(-seconds, "second");
  if (seconds < 3600) return relative.format(-Math.floor(seconds / 60), "minute");
  return relative.format(-Math.floor(seconds / 3600), "hour");
}

function refreshAges() {
  for (const stamp of document.querySelectorAll("time[data-age]")) {
    const seconds = Math.max(0, Math.floor((Date.now() + skew - Date.parse(stamp.dateTime)) / 1000));
    stamp.textContent = age(seconds < 10 || seconds >= 60 ? seconds : seconds - (seconds % 5));
    stamp.classList.toggle("stale", seconds > Number(stamp.dataset.staleAfter || Infinity));
  }
}
setInterval(refreshAges, 5000);
document.addEventListener("htmx:afterSettle", refreshAges);

// --- the live line -------------------------------------------------------------------------
document.addEventListener("htmx:sseOpen", () => page.classList.remove("line-lost"));
document.addEventListener("htmx:sseError", () => page.classList.add("line-lost"));

// --- theme and language: forms that work alone; here without losing one's place ------------
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.submitter?.name !== "theme") return;
  event.preventDefault();
  const fields = new FormData(form, event.submitter);
  page.dataset.theme = fields.get("theme");
  for (const button of form.elements) {
    if (button.name === "theme") button.setAttribute("aria-pressed", button === event.submitter);
  }
  fetch(form.action, { method: "POST", body: new URLSearchParams(fields) });
});

// --- a button pressed twice sends once: the server holds the key, the eye needs the word ----
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  for (const button of event.target.querySelectorAll("button[data-busy]")) {
    button.textContent = button.dataset.busy;
    button.setAttribute("aria-disabled", "true");
  }
});

// --- characters as one types ----------------------------------------------------------------
function count(field) {
  const meter = document.getElementById(field.dataset.counter);
  const length = [...field.value].length;
  meter.textContent = length.toLocaleString("en-IN");
  meter.classList.toggle("over", length > Number(field.dataset.limit));
}
document.addEventListener("input", (event) => {
  if (event.target.dataset.counter) count(event.target);
});
document.querySelectorAll("[data-counter]").forEach(count);

// --- SMS to each person as one types: counted as web/pages/sms.py counts ------------------------
const GSM = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const GSM_TWICE = "\f^{}\\[~]|€";
function segments(text) {
  const letters = [...text];
  const small = letters.every((letter) => GSM.includes(letter) || GSM_TWICE.includes(letter));
  const [alone, joined] = small ? [160, 153] : [70, 67];
  const sizes = letters.map((letter) => (small ? (GSM.includes(letter) ? 1 : 2) : letter.length));
  if (sizes.reduce((sum, size) => sum + size, 0) <= alone) return 1;
  let found = 1;
  let filled = 0;
  for (const size of sizes) {
    if (filled + size > joined) {
      found += 1;
      filled = 0;
    }
    filled += size;
  }
  return found;
}
function price(meter) {
  const text = document.getElementById(meter.dataset.sms).value.trim();
  const label = document.querySelector("[name=synthetic]")?.checked ? meter.dataset.label : "";
  const found = segments(label + text);
  const [number, cost] = meter.querySelectorAll("output");
  number.textContent = found;
  if (cost) cost.textContent = Number((found * Number(meter.dataset.paise)).toFixed(2));
  number.classList.toggle("over", found > Number(meter.dataset.limit));
}
document.addEventListener("input", () => document.querySelectorAll("[data-sms]").forEach(price));
// --- a picture is added as soon as it is chosen; without this file its button adds it ---------
const told = (text) => { document.getElementById("picture-said").textContent = text; };
function hideButton() {
  document.querySelector("[data-without-script]")?.setAttribute("hidden", "");
}
document.addEventListener("htmx:afterSettle", hideButton);
document.addEventListener("htmx:configRequest", (event) => {
  const field = event.target;
  const file = field.id === "picture_file" && field.files[0];
  if (!file || file.size <= Number(field.dataset.limitBytes)) return;
  event.preventDefault();
  told(field.dataset.tooLarge);
  field.value = "";
});
document.addEventListener("htmx:xhr:progress", (event) => {
  const bar = document.getElementById("picture-progress");
  if (event.target.id !== "picture_file" || !bar || !event.detail.lengthComputable) return;
  bar.hidden = false;
  bar.value = event.detail.loaded / event.detail.total;
});
for (const failure of ["htmx:responseError", "htmx:sendError"]) {
  document.addEventListener(failure, (event) => {
    if (event.target.id !== "picture_file") return;
    document.getElementById("picture-progress").hidden = true;
    told(event.target.dataset.failed);
    event.target.value = "";
  });
}
hideButton();

// --- one box to find a unit among many ------------------------------------------------------
document.addEventListener("input", (event) => {
  const list = document.getElementById(event.target.dataset.filters);
  if (!list) return;
  const wanted = event.target.value.trim().toLocaleLowerCase();
  for (const item of list.querySelectorAll("[data-name]")) {
    item.hidden = wanted !== "" && !item.dataset.name.toLocaleLowerCase().includes(wanted);
  }
});

// --- Enter in a box that has a button of its own presses that one, and not the form's ---------
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.dataset?.enter) return;
  event.preventDefault();
  document.getElementById(event.target.dataset.enter)?.click();
});

// "/" goes to the search box, as in every tool that is open all day.
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.closest("input, textarea, select")) return;
  const box = document.querySelector("input[type=search]");
  if (box) {
    event.preventDefault();
    box.focus();
  }
});

refreshAges();
window.htmx = htmx;
