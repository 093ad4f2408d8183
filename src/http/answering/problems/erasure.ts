/** Problems of a redaction or a scavenge. */
import type { Problem } from "./problem.ts";

type Words = "event-not-redactable" | "scavenge-running" | "scavenge-not-found";

export const ERASURE_PROBLEMS: { readonly [W in Words]: Problem<W> } = {
	"event-not-redactable": {
		status: 403,
		title: "Event not redactable",
		detail: (f) => `Event ${f.eventNumber} of '${f.stream}' cannot be redacted: ${f.reason}.`,
	},
	"scavenge-running": {
		status: 400,
		title: "Scavenge is already running",
		detail: () => "Scavenge is already running",
	},
	"scavenge-not-found": {
		status: 404,
		title: "Scavenge not found",
		detail: (f) => `No scavenge with the id '${f.scavengeId}' is running.`,
	},
};
