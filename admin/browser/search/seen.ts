/** Text of clients with all that is in it to be seen, as `admin/parts/visible.ts` shows it. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}|^ +| +$/gu;

export function seen(text: string): (string | Node)[] {
	const found: (string | Node)[] = [];
	let from = 0;
	for (const match of text.matchAll(UNSEEN)) {
		if (match.index > from) found.push(text.slice(from, match.index));
		for (const character of match[0]) found.push(boxed(character));
		from = match.index + match[0].length;
	}
	if (from < text.length) found.push(text.slice(from));
	return found;
}

function boxed(character: string): Node {
	const box = document.createElement("span");
	box.className = "esc";
	const digits = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
	box.textContent = `U+${digits}`;
	return box;
}
