/** Colours of a terminal, by the sixteen that its user has chosen, and its width. */

export type Tone = "plain" | "dim" | "bold" | `hue${1 | 2 | 3 | 4 | 5 | 6}`;

/** Red is left to what is wrong. */
const CODES: Readonly<Record<Tone, string>> = {
	plain: "",
	dim: "2",
	bold: "1",
	hue1: "34",
	hue2: "33",
	hue3: "32",
	hue4: "35",
	hue5: "36",
	hue6: "94",
};
const HUES = ["hue1", "hue2", "hue3", "hue4", "hue5", "hue6"] as const;

/** Of a terminal that does not tell its width. */
const COLUMNS = 80;
/** A table below that width tells nothing. */
const COLUMNS_MIN = 40;

/** The width of the terminal now, in cells. */
export function columnsOf(): number {
	return Math.max(process.stdout.columns || COLUMNS, COLUMNS_MIN);
}

export type Paint = (text: string, tone: Tone) => string;

/** Paints nothing if `NO_COLOR` is set (no-color.org), or if the terminal has no colours. */
export function paintFor(env: NodeJS.ProcessEnv): Paint {
	const isPlain = (env.NO_COLOR ?? "") !== "" || env.TERM === "dumb";
	if (isPlain) return (text) => text;
	return (text, tone) => {
		const code = CODES[tone];
		return code === "" || text === "" ? text : `\u001b[${code}m${text}\u001b[0m`;
	};
}

/** A hue for each type of event, in the order in which they come; those of the server have none. */
export class TypeTones {
	readonly #tones = new Map<string, Tone>();

	of(type: string): Tone {
		if (type.startsWith("$")) return "dim";
		const known = this.#tones.get(type);
		if (known !== undefined) return known;
		const tone = HUES[this.#tones.size];
		// As in the admin UI: more hues could not be told from each other.
		if (tone === undefined) return "plain";
		this.#tones.set(type, tone);
		return tone;
	}
}
