/** Says while JSON is typed whether it is JSON, where it is not, and how many bytes it has. */
export function checkFields(root: ParentNode): void {
	for (const hint of root.querySelectorAll<HTMLElement>("[data-checks]")) {
		const form = hint.closest("form");
		const field = form?.elements.namedItem(hint.dataset.checks ?? "");
		if (!(field instanceof HTMLTextAreaElement) || hint.dataset.isListening) continue;
		hint.dataset.isListening = "yes";
		field.addEventListener("input", () => check(field, hint));
		if (field.value.trim() !== "") check(field, hint);
	}
}

function check({ value }: HTMLTextAreaElement, hint: HTMLElement): void {
	const text = value.trim();
	const bytes = new TextEncoder().encode(text).length;
	const fault = text === "" ? undefined : faultOf(value);
	hint.className = `hint ${fault === undefined ? "ok" : "bad"}`;
	hint.textContent =
		fault ?? (text === "" ? "No data" : `Valid JSON, ${bytes.toLocaleString("en-US")} bytes`);
}

function faultOf(text: string): string | undefined {
	try {
		JSON.parse(text);
		return undefined;
	} catch (error) {
		const { message } = error as Error;
		const [, position] = /position (\d+)/.exec(message) ?? [];
		if (position === undefined) return message;
		const before = text.slice(0, Number(position)).split("\n");
		const column = (before.at(-1)?.length ?? 0) + 1;
		return `Line ${before.length}, column ${column}: ${message.replace(/ (?:in JSON )?at position.*/, "")}.`;
	}
}
