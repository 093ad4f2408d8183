/**
 * Deeds in a dialog over the page they are about. The server's page with the same form is what is
 * shown in it, so that nothing is said twice.
 */
export function openDialogs(): void {
	document.addEventListener("click", (event) => {
		const target = event.target as Element;
		const link = target.closest<HTMLAnchorElement>("a[data-dialog]");
		const dialog = target.closest("dialog");
		if (link && event.button === 0 && !event.ctrlKey && !event.metaKey) {
			event.preventDefault();
			void show(link);
		} else if (dialog && target.closest("[data-close]")) {
			event.preventDefault();
			dialog.close();
		}
	});
	for (const form of document.querySelectorAll<HTMLFormElement>("form[data-deed]")) watch(form);
}

async function show(link: HTMLAnchorElement): Promise<void> {
	const answer = await fetch(link.href, { headers: { Accept: "text/html" } });
	const page = new DOMParser().parseFromString(await answer.text(), "text/html");
	const [form, title] = [
		page.querySelector<HTMLFormElement>("form[data-deed]"),
		page.querySelector("h1"),
	];
	if (!answer.ok || !form || !title) {
		location.assign(link.href);
		return;
	}
	const dialog = document.createElement("dialog");
	const heading = document.createElement("h2");
	heading.id = "deed-title";
	heading.append(...title.childNodes);
	dialog.setAttribute("aria-labelledby", heading.id);
	dialog.append(heading, form);
	document.body.append(dialog);
	watch(form);
	dialog.addEventListener("close", () => {
		dialog.remove();
		link.focus();
	});
	dialog.showModal();
	form.querySelector<HTMLInputElement>("[name=confirm]")?.focus();
}

/** The button stays off until what is asked for is typed, exactly. */
function watch(form: HTMLFormElement): void {
	const wanted = form.dataset.deed ?? "";
	const field = form.elements.namedItem("confirm") as HTMLInputElement;
	const button = form.querySelector<HTMLButtonElement>("button.danger");
	const said = form.querySelector("#deed-left");
	const look = () => {
		const isRight = field.value.trim() === wanted.trim();
		if (button) button.disabled = !isRight;
		const isOnTheWay = wanted.startsWith(field.value);
		const left = wanted.length - field.value.length;
		const count = `${left} ${left === 1 ? "character" : "characters"} to go`;
		if (said) said.textContent = isRight ? "" : isOnTheWay ? count : "That is not it";
	};
	const choose = () => {
		const chosen = form.querySelector<HTMLInputElement>("[name=how]:checked");
		if (button && chosen)
			button.textContent = chosen.value === "hard" ? "Delete for ever" : "Delete";
	};
	field.addEventListener("input", look);
	form.addEventListener("change", choose);
	look();
	choose();
}
