namespace Vla.Actors.Instructions;

/// <summary>The words and phrases that <see cref="StopWords"/> knows, as people write them.</summary>
internal static class StopPhrases
{
    /// <summary>Stop also as one part of a longer text, and whatever follows them that is no place or moment.</summary>
    public static IReadOnlyList<string> Always { get; } =
        Of(
            """
            stop, halt, freeze, abort, cease, emergency stop, e-stop, do not move, don't move, stopp, stoppen, 🛑,
            ⛔, ✋
            """
        );

    /// <summary>Stop where nothing else is said.</summary>
    public static IReadOnlyList<string> Alone { get; } =
    [
        .. Of(
            """
            emergency, emergency off, emergency shutdown, panic, kill switch, cancel, enough, whoa, wait, pause,
            hold, hold on, hold still, stay, stay still, stay put, keep still, stand still, be still, full stop,
            do nothing, power off, turn off, switch off, no more
            """
        ),
        // Slips of somebody in a hurry.
        .. Of(
            """
            sotp, stpo, tsop, stp, sto
            """
        ),
        // German, Dutch, Scandinavian.
        .. Of(
            """
            anhalten, halten, aufhören, hör auf, nothalt, not-halt, not-aus, stehen bleiben, warte, ophouden,
            noodstop, nödstopp, stoppe, seis
            """
        ),
        // French, Spanish, Portuguese, Italian, Romanian.
        .. Of(
            """
            arrêt, arrête, arrêtez, arrêter, arrête-toi, arrêtez-vous, arrêt d'urgence, ne bouge pas,
            ne bougez pas, para, pare, paren, parar, parada, parada de emergencia, alto, detente, deténgase,
            basta, quieto, no te muevas, alt, fermo, ferma, fermati, fermare, arresto, oprește, oprește-te
            """
        ),
        // Slavic languages, Greek, Turkish, Hungarian, Indonesian, Vietnamese.
        .. Of(
            """
            stój, zatrzymaj, zatrzymaj się, zastav, zaustavi, ustavi, стоп, стой, остановись, остановить,
            зупинись, σταμάτα, στοπ, dur, állj, berhenti, dừng, dừng lại
            """
        ),
        // Japanese, Chinese, Korean, Arabic, Hebrew, Hindi, Thai.
        .. Of(
            """
            止まれ, 止まって, 止めて, とまれ, ストップ, 停止, 停, 停下, 停下来, 停下來, 住手, 急停, 紧急停止, 緊急停止, 非常停止, 정지, 멈춰, 멈춰요, 중지, 그만, 스톱,
            توقف, قف, עצור, עצרי, रुको, रुकिए, หยุด
            """
        ),
    ];

    /// <summary>Change nothing about what is meant.</summary>
    public static IReadOnlyList<string> Fillers { get; } =
        Of(
            """
            please, pls, plz, now, right, immediately, at, once, just, ok, okay, hey, oh, no, all, and, you,
            must, the, this, that, it, robot, robots, arm, gripper, hand, machine, vla, everything, motion,
            movement, motors, moving, working, running, here, there, so, quick, quickly, fast, can, could, would,
            will, a, an, your, i, say, said, bitte, sofort, jetzt, sil, te, vous, plait, por, favor, ya, ahora,
            per, favore, subito, пожалуиста
            """
        );

    /// <summary>After a stop word: where or when to stop, so that it is a task.</summary>
    public static IReadOnlyList<string> PlacesAndMoments { get; } =
        Of(
            """
            at, above, over, on, onto, in, inside, by, before, after, when, once, near, next, beside, behind,
            below, under, between, until, if, as, where, close, just, right, short, sign, signs, light, button,
            to, with, halfway
            """
        );

    private static string[] Of(string phrases) =>
        phrases.Split([',', '\n', '\r'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
