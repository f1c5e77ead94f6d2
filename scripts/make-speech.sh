#!/usr/bin/env bash
# Makes a small folder for task `wsn`: words spoken by espeak-ng's voices, and background noise. Real words and voices
# without anybody's recordings; good for trying things out, too easy for a study.
#
#   scripts/make-speech.sh FOLDER [WORD ...]        twelve voices at two speeds say each word; twenty words by default
#
# Needs espeak-ng (Debian: apt-get install espeak-ng) and python3.
set -euo pipefail

fail() {
    printf 'error: %s\n' "$1" >&2
    printf 'hint: %s\n' "$2" >&2
    exit 1
}

[ $# -ge 1 ] || fail "no folder is named" "scripts/make-speech.sh FOLDER [WORD ...]"
folder=$1
shift
words=("$@")
if [ ${#words[@]} -eq 0 ]; then
    words=(yes no up down left right stop go house river seven music yellow garden people window morning father water question)
fi
command -v espeak-ng >/dev/null || fail "there is no espeak-ng" "apt-get install espeak-ng"
command -v python3 >/dev/null || fail "there is no python3" "install Python 3"
[ ! -e "$folder/speech" ] || fail "$folder/speech is there already" "name another folder, or take it away"

for word in "${words[@]}"; do
    mkdir -p "$folder/speech/$word"
    for voice in m1 m2 m3 m4 m5 m6 m7 f1 f2 f3 f4 f5; do
        for speed in 140 180; do
            espeak-ng -v "en-us+$voice" -s "$speed" -w "$folder/speech/$word/${voice}_$speed.wav" "$word"
        done
    done
done

# Three voices that talk at once, and a rumble: neither says the words alone.
mkdir -p "$folder/noise" "$folder/talkers"
text="It is often said that the weather changes slowly here, and that nobody who waits for it has ever been disappointed
by the sky above the hills, although a few of the older visitors would rather have had another kind of evening."
for voice in m8 f4 croak; do
    espeak-ng -v "en-gb+$voice" -s 170 -w "$folder/talkers/$voice.wav" "$text"
done
python3 - "$folder" <<'PYTHON'
import array, pathlib, random, sys, wave

folder = pathlib.Path(sys.argv[1])


def write(name, rate, samples):
    peak = max(map(abs, samples))
    with wave.open(str(folder / "noise" / name), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes(array.array("h", [round(sample / peak * 20000) for sample in samples]).tobytes())


talkers = []
for path in sorted((folder / "talkers").glob("*.wav")):
    with wave.open(str(path)) as file:
        rate = file.getframerate()
        talkers.append(array.array("h", file.readframes(file.getnframes())))
length = min(map(len, talkers))
write("babble.wav", rate, [sum(talker[i] for talker in talkers) for i in range(length)])

generator, level, rumble = random.Random(1), 0.0, []
for _ in range(10 * 16000):
    level = 0.95 * level + generator.gauss(0, 1)
    rumble.append(level)
write("rumble.wav", 16000, rumble)
PYTHON
rm -r "$folder/talkers"
echo "$folder: ${#words[@]} words (n_classes = ${#words[@]}), 12 speakers, $((24 * ${#words[@]})) clips"
