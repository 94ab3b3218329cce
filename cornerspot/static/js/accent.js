// Says while a colour is chosen how readable text on it is. The server corrects it in any case.
const field = document.querySelector("[data-accent]");
const check = document.querySelector("[data-accent-check]");

const linear = (part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
const luminance = (colour) => {
  const [red, green, blue] = [1, 3, 5].map((at) => linear(parseInt(colour.slice(at, at + 2), 16) / 255));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};
const onWhite = (colour) => 1.05 / (luminance(colour) + 0.05);

const sentence = (colour) => {
  const ratio = onWhite(colour);
  if (ratio >= 4.5) return `White text on it has a contrast of ${ratio.toFixed(1)} : 1, good to read.`;
  return `White text on it would have only ${ratio.toFixed(1)} : 1, so text on it is dark, and links use a darker shade.`;
};

if (field && check) {
  const show = () => {
    check.textContent = sentence(field.value);
    check.hidden = false;
  };
  field.addEventListener("input", show);
  show();
}
