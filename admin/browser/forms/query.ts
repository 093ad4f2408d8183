/** Says while a query is typed whether it can run, and where it is wrong: the server knows. */

/** So long nobody has typed. */
const PAUSE_MS = 400;

export function checkQueries(root: ParentNode): void {
	for (const hint of root.querySelectorAll<HTMLElement>("[data-checks-query]")) {
		const field = hint.closest("form")?.elements.namedItem("query");
		if (!(field instanceof HTMLTextAreaElement)) continue;
		let waiting: ReturnType<typeof setTimeout> | undefined;
		let asking = new AbortController();
		field.addEventListener("input", () => {
			clearTimeout(waiting);
			asking.abort();
			asking = new AbortController();
			const { signal } = asking;
			waiting = setTimeout(() => void check(field, hint, signal), PAUSE_MS);
		});
	}
}

async function check(
	field: HTMLTextAreaElement,
	hint: HTMLElement,
	signal: AbortSignal,
): Promise<void> {
	try {
		const answer = await fetch(hint.dataset.url ?? "", {
			method: "POST",
			headers: { Accept: "application/json", "Content-Type": "application/javascript" },
			body: field.value,
			signal,
		});
		if (!answer.ok) return;
		const { fault } = (await answer.json()) as { fault?: { kind: string; description: string } };
		signal.throwIfAborted();
		// A server that is busy makes everything slow: that says nothing of the query.
		if (fault?.kind !== "time") say(field, hint, fault?.description);
	} catch {
		// It was typed on, or the server is away: the form says so when it is sent.
	}
}

function say(field: HTMLTextAreaElement, hint: HTMLElement, fault: string | undefined): void {
	if (fault === undefined) field.removeAttribute("aria-invalid");
	else field.setAttribute("aria-invalid", "true");
	hint.className = `hint ${fault === undefined ? "ok" : "bad"}`;
	hint.textContent = fault ?? "It can run.";
}
