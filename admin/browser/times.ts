/** Times: "3 min ago" stays true while the page is open, and the local time stands beside UTC. */
const EVERY_MS = 20_000;
const UNITS = [
	[86_400, "d"],
	[3600, "h"],
	[60, "min"],
	[1, "s"],
] as const;

/** Writes the age and the local time of each row that is there now; call it again for new rows. */
export function tellTimes(): void {
	tellAgo();
	for (const time of document.querySelectorAll<HTMLTimeElement>("time")) {
		const moment = new Date(time.dateTime);
		time.title = `${time.dateTime} · ${moment.toLocaleString()} ${zone()}`;
	}
	const local = document.querySelector<HTMLElement>("[data-local-for]");
	const utc = document.querySelector<HTMLTimeElement>("[data-local]");
	if (local && utc) {
		local.textContent = `${new Date(utc.dateTime).toLocaleTimeString()} in ${zone()}`;
		local.hidden = false;
	}
}

/** Call it once a page. */
export function keepTimes(): void {
	setInterval(() => {
		if (!document.hidden) tellAgo();
	}, EVERY_MS);
}

function tellAgo(): void {
	for (const time of document.querySelectorAll<HTMLTimeElement>("time[data-ago]")) {
		const seconds = Math.max(0, Math.round((Date.now() - Date.parse(time.dateTime)) / 1000));
		const [size, unit] = UNITS.find(([least]) => seconds >= least) ?? [1, "s"];
		time.textContent = `${Math.floor(seconds / size).toLocaleString("en-US")} ${unit} ago`;
	}
}

/** The place that names the zone: `Warsaw`. */
function zone(): string {
	const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
	return timeZone.slice(timeZone.lastIndexOf("/") + 1).replaceAll("_", " ");
}
