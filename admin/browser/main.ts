/**
 * Starts all parts of the script. The pages work without it. Each part looks for what it works on.
 */

import { copyOnClick } from "./copy.js";
import { openDialogs } from "./forms/deed.js";
import { checkFields } from "./forms/fields.js";
import { suggestPlaces } from "./go.js";
import { listenToKeys } from "./keys.js";
import { followLive } from "./live/live.js";
import { keepParts } from "./refresh.js";
import { jumpByCore, swapLinks } from "./swap.js";
import { switchTheme } from "./theme.js";
import { keepTimes, tellTimes } from "./times.js";

switchTheme();
tellTimes();
keepTimes();
suggestPlaces();
copyOnClick();
openDialogs();
swapLinks();
jumpByCore();
listenToKeys();
checkFields(document);
followLive();
keepParts();
showPlace();
document.addEventListener("varve:swapped", () => {
	tellTimes();
	checkFields(document);
});
if (document.getElementById("search-found")) {
	void import("./search/run.js").then(({ goOnSearching }) => goOnSearching());
}
const question = document.getElementById("question");
if (question instanceof HTMLFormElement) {
	void import("./search/ask.js").then(({ askQuestions }) => askQuestions(question));
}
if (document.querySelector("[data-checks-query]")) {
	void import("./forms/query.js").then(({ checkQueries }) => checkQueries(document));
}
if (document.getElementById("proof-panel")) {
	// Only the page of an event has one.
	void import("./proof.js").then(({ checkProof }) => checkProof());
}
if (document.querySelector(".slider")) {
	void import("./moment/slide.js").then(({ slideThroughTime }) => slideThroughTime());
}

/** The places scroll sideways where they have no room: the one that this page is at is seen. */
function showPlace(): void {
	const here = document.querySelector<HTMLElement>(".bar nav [aria-current]");
	const places = here?.parentElement;
	if (!here || !places) return;
	const { left, width } = here.getBoundingClientRect();
	const around = places.getBoundingClientRect();
	places.scrollLeft += left - around.left - (around.width - width) / 2;
}
