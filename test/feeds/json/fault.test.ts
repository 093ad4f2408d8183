import { findJsonFault } from "../../../feeds/json/fault.ts";
import { reindentJson } from "../../../feeds/json/indent.ts";
import { eachMember, isJsonText, NESTING_MAX, skipValue } from "../../../feeds/json/text.ts";
import { anyJson, randomFrom, runSeed } from "../random.ts";

const seed = runSeed();

describe("the search for a fault", () => {
	test("agrees with JSON.parse on documents with a random change", () => {
		const random = randomFrom(seed);
		let faults = 0;
		for (let i = 0; i < 20_000; i++) {
			const text = changed(anyJson(random), random);
			const fault = findJsonFault(text);
			expect([text, fault === undefined]).toEqual([text, isJsonText(text)]);
			if (fault) faults++;
		}
		expect(faults).toBeGreaterThan(1000);
	});

	test.each([
		["", 0, "it is empty"],
		["  ", 2, "it is empty"],
		["[1,2", 4, "it ends before its closing ]"],
		['{"a" 1}', 5, "1 instead of a colon"],
		['{"a":1,}', 7, "} instead of a name in double quotes"],
		["[1,]", 3, "] instead of a value"],
		["[1}", 2, "} instead of a comma or ]"],
		["{} {}", 3, "{ after the end of the document"],
		["[01]", 1, "a number that starts with zeros"],
		["[1.]", 3, "] instead of a digit"],
		["[-]", 2, "] instead of a digit"],
		["['a']", 1, "single quotes"],
		["[1,//x\n2]", 3, "a comment"],
		["{a:1}", 1, "a instead of a name in double quotes"],
		['["a\nb"]', 3, "a control character"],
		['["\\x"]', 2, "an unknown escape"],
		['["\\u12g4"]', 2, "an unknown escape"],
		['["a]', 4, "a string is not closed"],
		["[tru]", 1, "t instead of a value"],
		["[NaN]", 1, "N instead of a value"],
		["\ufeff[]", 0, "a byte order mark"],
	])("says where and why: %j", (text, at, reason) => {
		expect(findJsonFault(text)).toEqual({ at, reason: expect.stringContaining(reason) });
	});

	test("counts nesting as one", () => {
		const deep = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;
		expect(findJsonFault(deep(NESTING_MAX))).toBeUndefined();
		expect(findJsonFault(deep(NESTING_MAX + 1))).toMatchObject({ at: NESTING_MAX });
	});

	test("survives a string of millions of characters", () => {
		expect(findJsonFault(`["${"\\n".repeat(4_000_000)}"`)).toMatchObject({ at: 8_000_003 });
	});
});

describe("the cursor", () => {
	test("finds the end of every value", () => {
		const random = randomFrom(seed);
		for (let i = 0; i < 2000; i++) {
			const text = anyJson(random);
			expect(skipValue(`${text},"]}`, 0)).toBe(text.length);
		}
	});

	test("unescapes names and cuts values exactly", () => {
		const text = '{"\\u0061\\"" : 1.10 ,"b":[ "\\\\" ]}';
		const found: [string, string][] = [];
		const end = eachMember(text, 0, (name, start) => {
			const end = skipValue(text, start);
			found.push([name, text.slice(start, end)]);
			return end;
		});
		expect(end).toBe(text.length);
		expect(found).toEqual([
			['a"', "1.10"],
			["b", '[ "\\\\" ]'],
		]);
	});
});

describe("indentation", () => {
	test("is that of JSON.stringify wherever that changes nothing else", () => {
		const random = randomFrom(seed);
		for (let i = 0; i < 2000; i++) {
			const text = JSON.stringify(JSON.parse(anyJson(random)));
			// Objects with names like "1" are reordered by the engine, so compare what it printed.
			expect(reindentJson(text)).toBe(JSON.stringify(JSON.parse(text), null, 2));
		}
	});

	test("keeps number literals, escapes, order and duplicates", () => {
		const text = '{"b":1.10,"a":12345678901234567890,"b":"\\u00e9 { , }", "c" : { } ,"d":[ ]}';
		expect(reindentJson(text)).toBe(
			'{\n  "b": 1.10,\n  "a": 12345678901234567890,\n  "b": "\\u00e9 { , }",\n  "c": {},\n  "d": []\n}',
		);
	});
});

/** The text with a few characters changed, moved or gone. */
function changed(text: string, random: ReturnType<typeof randomFrom>): string {
	if (random.upTo(4) === 0) return text;
	const at = random.upTo(text.length + 1);
	const gone = random.upTo(3);
	const put = random.pick(["", "", ",", "]", "}", '"', "\\", "\n", "0", "-", ".", "e", "x", ":"]);
	return text.slice(0, at) + put + text.slice(at + gone);
}
