/**
 * Statistics as a tree of names, and the forms that the contract has for it (section 10.3): groups
 * within groups, or one flat map whose keys join the names by dashes.
 */

export type Stat = {
	readonly value: string | number;
	/** In words, for people. */
	readonly title: string;
};

export type StatTree = { readonly [name: string]: StatTree | Stat };

export type StatForm = {
	readonly isGrouped: boolean;
	/** Whether each value comes with what it means. */
	readonly hasMetadata: boolean;
};

export function stat(title: string, value: string | number): Stat {
	return { value, title };
}

/**
 * A part of the tree, whatever the case of its names.
 * @returns undefined if there is none
 */
export function partOf(tree: StatTree, path: readonly string[]): StatTree | undefined {
	const [wanted, ...below] = path;
	if (wanted === undefined) return tree;
	const found = Object.keys(tree).find((name) => name.toLowerCase() === wanted.toLowerCase());
	const part = found === undefined ? undefined : tree[found];
	if (found === undefined || part === undefined) return undefined;
	if (!isStat(part)) return partOf(part, below);
	// One value alone is an object of that name.
	return below.length > 0 ? undefined : { [found]: part };
}

/**
 * The tree as JSON has it.
 * @param above the names by which it was found, if it is a part
 */
export function shownTree(tree: StatTree, form: StatForm, above: readonly string[] = []): object {
	return Object.fromEntries(shownParts(tree, form, above));
}

type Shown = readonly (readonly [name: string, value: unknown])[];

function shownParts(tree: StatTree, form: StatForm, above: readonly string[]): Shown {
	return Object.entries(tree).flatMap(([name, part]): Shown => {
		const names = [...above, name];
		const key = form.isGrouped ? name : names.join("-");
		if (isStat(part)) return [[key, shownStat(part, names[0] ?? "", form)]];
		const inner = shownParts(part, form, names);
		return form.isGrouped ? [[key, Object.fromEntries(inner)]] : inner;
	});
}

function shownStat({ value, title }: Stat, category: string, { hasMetadata }: StatForm): unknown {
	if (!hasMetadata) return value;
	return { value, category, title, drawChart: typeof value === "number" };
}

function isStat(part: StatTree | Stat): part is Stat {
	return typeof part.title === "string";
}
