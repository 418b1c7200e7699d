import assert from "node:assert/strict";
import { test } from "node:test";
import { checkedType, checkPhoto } from "../src/media/limits.js";
import { bare, isBare, takenAt } from "../src/media/jpeg.js";
import { drawnSize } from "../src/media/photo.js";
import { pixelsOf, typeOf } from "../src/media/types.js";

const latin = (text) => Uint8Array.from(text, (sign) => sign.charCodeAt(0));
const joined = (...parts) => Uint8Array.from(parts.flatMap((part) => [...part]));
const u16 = (value) => [value >> 8, value & 255];
const u32 = (value) => [...u16(value >>> 16), ...u16(value & 0xffff)];
const segment = (marker, content) => [0xff, marker, ...u16(content.length + 2), ...content];

/** An EXIF that says when and where, big-endian. */
function exif(taken, offset) {
  const [zero, sub] = [8, 8 + 2 + 12 * 2 + 4];
  const texts = sub + 2 + 12 * 2 + 4;
  const entry = (tag, type, count, value) => [...u16(tag), ...u16(type), ...u32(count), ...u32(value)];
  return joined(
    latin("Exif\0\0MM\0*"),
    u32(zero),
    u16(2),
    entry(0x8769, 4, 1, sub),
    entry(0x8825, 4, 1, 0),
    u32(0),
    u16(2),
    entry(0x9003, 2, 20, texts),
    entry(0x9011, 2, 7, texts + 20),
    u32(0),
    latin(`${taken}\0${offset}\0`),
  );
}

const frame = segment(0xc0, [8, ...u16(600), ...u16(800), 1, 1, 0x11, 0]);
const scan = [...segment(0xda, [1, 1, 0, 0, 63, 0]), 1, 2, 3, 0xff, 0xd9];
const jpeg = (...between) => joined([0xff, 0xd8], ...between, frame, scan);
const jfif = segment(0xe0, latin("JFIF\0\u0001\u0001\0\0\u0001\0\u0001\0\0"));
const adobe = segment(0xee, latin("Adobe\0d\0\0\0\0\0"));

test("everything beside the picture goes, the picture stays", () => {
  const clean = jpeg(jfif, adobe);
  const told = jpeg(
    segment(0xe1, exif("2026:03:02 09:31:00", "+01:00")),
    jfif,
    segment(0xe1, latin("http://ns.adobe.com/xap/1.0/\0<fictional/>")),
    segment(0xe2, latin("ICC_PROFILE\0")),
    segment(0xed, latin("Photoshop 3.0\0")),
    adobe,
    segment(0xfe, latin("a comment")),
  );
  assert.equal(isBare(told), false);
  assert.deepEqual(bare(told), clean);
  assert.equal(isBare(clean), true);
  assert.deepEqual(bare(clean), clean);
});

test("a JPEG that is cut off is refused, wherever it is cut", () => {
  const whole = jpeg(jfif, segment(0xe1, exif("2026:03:02 09:31:00", "+01:00")));
  for (let end = 0; end < whole.length - scan.length; end += 1) assert.throws(() => bare(whole.slice(0, end)), RangeError);
});

test("when a photo was taken is what the camera wrote, an offset only where it wrote one", () => {
  const of = (taken, offset) => takenAt(jpeg(segment(0xe1, exif(taken, offset))));
  assert.equal(of("2026:03:02 09:31:00", "+01:00"), "2026-03-02T09:31:00+01:00");
  assert.equal(of("2026:03:02 09:31:00", "\0\0\0\0\0\0"), "2026-03-02T09:31:00");
  assert.equal(of("    :  :     :  :  ", "+01:00"), null);
  assert.equal(takenAt(jpeg(jfif)), null);
  const damaged = exif("2026:03:02 09:31:00", "+01:00").slice(0, 20);
  assert.equal(takenAt(jpeg(segment(0xe1, damaged))), null);
});

test("a file is what its content says", () => {
  const heads = {
    "image/jpeg": "\xff\xd8\xff\xe0",
    "image/png": "\x89PNG\r\n\x1a\n",
    "image/webp": "RIFF\0\0\0\0WEBP",
    "image/heic": "\0\0\0\x18ftypheic",
    "application/pdf": "%PDF-1.7",
    "audio/mp4": "\0\0\0\x1cftypM4A ",
    "audio/ogg": "OggS",
    "audio/webm": "\x1aE\xdf\xa3....webm",
    "audio/mpeg": "\xff\xfb\x90\x44",
    "audio/wav": "RIFF\0\0\0\0WAVE",
  };
  for (const [type, head] of Object.entries(heads)) assert.equal(typeOf(latin(head)), type);
  for (const head of ["", "MZ", "RIFF\0\0\0\0AVI ", "\0\0\0\x18ftypxxxx", "<svg", "\xff\xff\xff\xff"]) assert.equal(typeOf(latin(head)), null);
});

test("sizes are read off headers, and a damaged one says none", () => {
  assert.equal(pixelsOf(jpeg(jfif), "image/jpeg"), 480_000);
  const png = joined(latin("\x89PNG\r\n\x1a\n"), u32(13), latin("IHDR"), u32(30_000), u32(20_000));
  assert.equal(pixelsOf(png, "image/png"), 600_000_000);
  assert.equal(pixelsOf(png.slice(0, 20), "image/png"), null);
  assert.throws(() => checkPhoto(png, "image/png"), { code: "too_many_pixels" });
  assert.throws(() => checkPhoto(png.slice(0, 20), "image/png"), { code: "wrong_blob_type" });
});

test("what is not taken is refused before it is kept", () => {
  assert.throws(() => checkedType(latin("hello")), { code: "wrong_blob_type" });
  assert.throws(() => checkedType(new Uint8Array(0)), { code: "blob_too_large" });
  assert.throws(() => checkedType(new Uint8Array(50_000_001)), { code: "blob_too_large" });
  assert.equal(checkedType(latin("%PDF-1.7")), "application/pdf");
});

test("a photo is drawn at most 2000 pixels long, and never larger than it is", () => {
  assert.deepEqual(drawnSize(4000, 3000), [2000, 1500]);
  assert.deepEqual(drawnSize(640, 480), [640, 480]);
  assert.deepEqual(drawnSize(90_000, 1), [2000, 1]);
});
