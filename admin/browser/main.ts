/** What the script adds to pages that work without it. Each part looks for what it works on. */
import { tellTimes } from "./times.js";
import { copyOnClick } from "./copy.js";
import { openDialogs } from "./deed.js";
import { checkFields } from "./fields.js";
import { suggestPlaces } from "./go.js";
import { listenToKeys } from "./keys.js";
import { followLive } from "./live.js";
import { jumpByCore, swapLinks } from "./swap.js";
import { switchTheme } from "./theme.js";

switchTheme();
tellTimes();
suggestPlaces();
copyOnClick();
openDialogs();
swapLinks();
jumpByCore();
listenToKeys();
checkFields(document);
followLive();
document.addEventListener("varve:swapped", () => {
	tellTimes();
	checkFields(document);
});
if (document.getElementById("proof-panel")) {
	// Only the page of an event has one.
	void import("./proof.js").then(({ checkProof }) => checkProof());
}
