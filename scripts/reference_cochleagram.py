#!/usr/bin/env python3
"""Writes stimuli/src/speech/cochleagram/reference.json: cochleagrams of two sounds, as NumPy computes them.

Run it with NumPy installed; the file says which version made it.

    python3 scripts/reference_cochleagram.py

Everything comes straight from its definition, in float64 and at the full 20 kHz: every filter's response at every frequency,
the analytic signal by dropping negative frequencies, its magnitude, the low-pass filter and the power. The program computes
each band at a lower rate and in float32. Sounds are named by formulas that the test repeats.
"""

import json
import pathlib

import numpy as np

TARGET = pathlib.Path(__file__).parent.parent / "stimuli" / "src" / "speech" / "cochleagram" / "reference.json"

RATE, N_SAMPLES, ENVELOPE_RATE, N_BANDS = 20_000, 40_000, 200, 50
LOWEST, HIGHEST = 20.0, 8000.0
EVERY = 7  # of the 400 times, these are stored


def erb_number(frequency):
    return 9.265 * np.log(1 + frequency / (24.7 * 9.265))


def cochleagram(sound):
    spectrum = np.fft.fft(sound)
    frequencies = np.fft.fftfreq(N_SAMPLES, 1 / RATE)
    edges = np.linspace(erb_number(LOWEST), erb_number(HIGHEST), N_BANDS + 2)
    erbs = erb_number(np.maximum(frequencies, 0))
    low_frequencies = np.abs(np.fft.fftfreq(N_SAMPLES, 1 / RATE))
    fallen = np.clip((low_frequencies - 75) / 25, 0, 1)
    low_pass = np.cos(np.pi / 2 * fallen) ** 2
    bands = []
    for low, centre, high in zip(edges, edges[1:], edges[2:]):
        response = np.cos(np.pi * (erbs - centre) / (high - low))
        response[(frequencies <= 0) | (erbs <= low) | (erbs >= high)] = 0
        envelope = np.abs(np.fft.ifft(2 * spectrum * response))
        smooth = np.fft.ifft(np.fft.fft(envelope) * low_pass).real
        bands.append(np.maximum(smooth[:: RATE // ENVELOPE_RATE], 0) ** 0.3)
    return np.array(bands)


def noise():
    """Knuth's 64-bit linear congruential generator, its upper 24 bits in [-0.25, 0.25)."""
    state, values = 1, []
    for _ in range(N_SAMPLES):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        values.append(((state >> 40) / 2**24 - 0.5) / 2)
    return np.array(values)


def vowel():
    """A voice at 120 Hz with formants at 700 and 1,200 Hz, swelling and fading, in faint noise."""
    time = np.arange(N_SAMPLES) / RATE
    sound = np.zeros(N_SAMPLES)
    for harmonic in range(1, 60):
        frequency = 120.0 * harmonic
        strength = 0.02 + np.exp(-(((frequency - 700) / 150) ** 2)) + np.exp(-(((frequency - 1200) / 150) ** 2))
        sound += strength * np.cos(2 * np.pi * frequency * time)
    return 0.1 * sound * np.exp(-(((time - 0.9) / 0.3) ** 2)) + 0.01 * noise()


def main():
    sounds = {"noise": noise(), "vowel": vowel()}
    reference = {
        "made_by": "scripts/reference_cochleagram.py",
        "numpy": np.__version__,
        "every": EVERY,
        "cochleagrams": {
            name: [[round(float(value), 7) for value in row[::EVERY]] for row in cochleagram(sound)]
            for name, sound in sounds.items()
        },
    }
    TARGET.write_text(json.dumps(reference) + "\n", encoding="utf-8")
    print(f"{TARGET}: {', '.join(sounds)}")


if __name__ == "__main__":
    main()
