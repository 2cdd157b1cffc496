using System.Text;

namespace Vla.Actors.Instructions;

/// <summary>
/// Says whether words tell the robot to stop, so that they never wait for a policy that might not know them.
/// </summary>
/// <remarks>
/// <para>
/// Case, punctuation, accents, full-width letters, spaces between letters (<c>s t o p</c>) and repeated letters
/// (<c>stoooop</c>) do not matter, and neither do words such as "please", "now" or "robot" beside the stop word. Text
/// means stop when one of its parts between punctuation marks is nothing else ("stop", "no, stop!", "watch out! stop
/// the robot"), or when it begins with a stop word that no place or moment follows ("stop pushing the block").
/// </para>
/// <para>
/// "Stop at the red block" and "push the stop sign" are instructions: there the word is part of a task. In doubt the
/// robot stops: that costs a word to resume, the other way may cost more.
/// </para>
/// <para>Own code: tokenizers and language detectors know no list of words that stop a machine.</para>
/// </remarks>
public static class StopWords
{
    /// <summary>No more of a text is looked at, in characters.</summary>
    private const int Looked = 4_000;

    /// <summary>Stop also as one part of a longer text, and whatever follows them that is no place or moment.</summary>
    private static readonly string[] Always =
    [
        "stop",
        "halt",
        "freeze",
        "abort",
        "cease",
        "emergency stop",
        "e-stop",
        "do not move",
        "don't move",
        "stopp",
        "stoppen",
        "🛑",
        "⛔",
        "✋",
    ];

    /// <summary>Stop where nothing else is said.</summary>
    private static readonly string[] Alone =
    [
        "emergency",
        "emergency off",
        "emergency shutdown",
        "panic",
        "kill switch",
        "cancel",
        "enough",
        "whoa",
        "wait",
        "pause",
        "hold",
        "hold on",
        "hold still",
        "stay",
        "stay still",
        "stay put",
        "keep still",
        "stand still",
        "be still",
        "full stop",
        "do nothing",
        "power off",
        "turn off",
        "switch off",
        "no more",
        // Slips of somebody in a hurry.
        "sotp",
        "stpo",
        "tsop",
        "stp",
        "sto",
        // German, Dutch, Scandinavian.
        "anhalten",
        "halten",
        "aufhören",
        "hör auf",
        "nothalt",
        "not-halt",
        "not-aus",
        "stehen bleiben",
        "warte",
        "ophouden",
        "noodstop",
        "nödstopp",
        "stoppe",
        "seis",
        // French, Spanish, Portuguese, Italian, Romanian.
        "arrêt",
        "arrête",
        "arrêtez",
        "arrêter",
        "arrête-toi",
        "arrêtez-vous",
        "arrêt d'urgence",
        "ne bouge pas",
        "ne bougez pas",
        "para",
        "pare",
        "paren",
        "parar",
        "parada",
        "parada de emergencia",
        "alto",
        "detente",
        "deténgase",
        "basta",
        "quieto",
        "no te muevas",
        "alt",
        "fermo",
        "ferma",
        "fermati",
        "fermare",
        "arresto",
        "oprește",
        "oprește-te",
        // Slavic languages, Greek, Turkish, Hungarian, Indonesian, Vietnamese.
        "stój",
        "zatrzymaj",
        "zatrzymaj się",
        "zastav",
        "zaustavi",
        "ustavi",
        "стоп",
        "стой",
        "остановись",
        "остановить",
        "зупинись",
        "σταμάτα",
        "στοπ",
        "dur",
        "állj",
        "berhenti",
        "dừng",
        "dừng lại",
        // Japanese, Chinese, Korean, Arabic, Hebrew, Hindi, Thai.
        "止まれ",
        "止まって",
        "止めて",
        "とまれ",
        "ストップ",
        "停止",
        "停",
        "停下",
        "停下来",
        "停下來",
        "住手",
        "急停",
        "紧急停止",
        "緊急停止",
        "非常停止",
        "정지",
        "멈춰",
        "멈춰요",
        "중지",
        "그만",
        "스톱",
        "توقف",
        "قف",
        "עצור",
        "עצרי",
        "रुको",
        "रुकिए",
        "หยุด",
    ];

    /// <summary>Change nothing about what is meant.</summary>
    private static readonly HashSet<string> Fillers = Folded([
        "please",
        "pls",
        "plz",
        "now",
        "right",
        "immediately",
        "at",
        "once",
        "just",
        "ok",
        "okay",
        "hey",
        "oh",
        "no",
        "all",
        "and",
        "you",
        "must",
        "the",
        "this",
        "that",
        "it",
        "robot",
        "robots",
        "arm",
        "gripper",
        "hand",
        "machine",
        "vla",
        "everything",
        "motion",
        "movement",
        "motors",
        "moving",
        "working",
        "running",
        "here",
        "there",
        "so",
        "quick",
        "quickly",
        "fast",
        "can",
        "could",
        "would",
        "will",
        "a",
        "an",
        "your",
        "i",
        "say",
        "said",
        "bitte",
        "sofort",
        "jetzt",
        "sil",
        "te",
        "vous",
        "plait",
        "por",
        "favor",
        "ya",
        "ahora",
        "per",
        "favore",
        "subito",
        "пожалуиста",
    ]);

    /// <summary>After a stop word: where or when to stop, so that it is a task.</summary>
    private static readonly HashSet<string> PlacesAndMoments = Folded([
        "at",
        "above",
        "over",
        "on",
        "onto",
        "in",
        "inside",
        "by",
        "before",
        "after",
        "when",
        "once",
        "near",
        "next",
        "beside",
        "behind",
        "below",
        "under",
        "between",
        "until",
        "if",
        "as",
        "where",
        "close",
        "just",
        "right",
        "short",
        "sign",
        "signs",
        "light",
        "button",
        "to",
        "with",
        "halfway",
    ]);

    private static readonly HashSet<string> FoldedAlways = Folded(Always);
    private static readonly HashSet<string> FoldedAll = Folded(Always.Concat(Alone));

    /// <summary>The words that stop, as people would write them: for help and documentation.</summary>
    public static string Examples => "stop, halt, freeze, wait, pause, abort, emergency stop, don't move";

    /// <summary>Whether a text, as somebody wrote it and before it is checked, tells the robot to stop.</summary>
    public static bool Mean(string text)
    {
        if (text.Length > Looked)
            text = text[..Looked];
        var parts = Parts(text).Select(Tokens).Where(tokens => tokens.Count > 0).ToList();
        if (parts.Count == 0)
            return false;
        // Marks may also stand within a word or a phrase: s.t.o.p., "emergency: stop".
        return IsStop([.. parts.SelectMany(part => part)], FoldedAll)
            || parts.Any(part => IsStop(part, FoldedAlways))
            || BeginsWithStop(parts[0]);
    }

    /// <summary>Whether a stop word stands somewhere in a text that does not mean stop as a whole.</summary>
    public static bool AreMentioned(string text) => Tokens(text).Any(FoldedAlways.Contains);

    private static bool IsStop(List<string> tokens, HashSet<string> stops)
    {
        if (stops.Contains(string.Join(' ', tokens)) || stops.Contains(string.Concat(tokens)))
            return true;
        var rest = tokens.Where(token => !Fillers.Contains(token)).ToList();
        return rest.Count > 0 && IsRowOfStops(rest, stops);
    }

    /// <summary>"stop stop stop", "halt, emergency stop": one phrase after another and nothing left.</summary>
    private static bool IsRowOfStops(List<string> tokens, HashSet<string> stops)
    {
        const int longest = 4;
        for (var at = 0; at < tokens.Count; )
        {
            var length = Math.Min(longest, tokens.Count - at);
            while (length > 0 && !stops.Contains(string.Join(' ', tokens.GetRange(at, length))))
                length--;
            if (length == 0)
                return false;
            at += length;
        }

        return true;
    }

    private static bool BeginsWithStop(List<string> tokens)
    {
        const int longest = 3;
        var rest = tokens.SkipWhile(token => !FoldedAlways.Contains(token) && Fillers.Contains(token)).ToList();
        for (var length = Math.Min(longest, rest.Count - 1); length > 0; length--)
        {
            if (FoldedAlways.Contains(string.Join(' ', rest.GetRange(0, length))))
                return !PlacesAndMoments.Contains(rest[length]);
        }

        return false;
    }

    /// <summary>What stands between marks that end a part of a sentence.</summary>
    private static string[] Parts(string text) =>
        text.Split(
            [
                '.',
                ',',
                ';',
                ':',
                '!',
                '?',
                '\n',
                '\r',
                '—',
                '–',
                '…',
                '(',
                ')',
                '。',
                '、',
                '！',
                '？',
                '，',
                '；',
                '：',
                '¡',
                '¿',
                '"',
                '|',
                '/',
            ],
            StringSplitOptions.RemoveEmptyEntries
        );

    /// <summary>The words of a text: folded, single letters put together, runs of one letter made one.</summary>
    private static List<string> Tokens(string text)
    {
        var words = PlainLetters.Of(text).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var tokens = new List<string>();
        var letters = new StringBuilder();
        foreach (var word in words)
        {
            if (word.Length == 1 && char.IsAsciiLetter(word[0]))
            {
                letters.Append(word);
                continue;
            }

            EndLetters();
            tokens.Add(PlainLetters.WithoutRuns(word));
        }

        EndLetters();
        return tokens;

        void EndLetters()
        {
            if (letters.Length == 0)
                return;
            var spelled = PlainLetters.WithoutRuns(letters.ToString());
            // Only whole words are spelled: "a" stays an article.
            if (letters.Length > 2)
                tokens.Add(spelled);
            else
                tokens.AddRange(letters.ToString().Select(letter => letter.ToString()));
            letters.Clear();
        }
    }

    private static HashSet<string> Folded(IEnumerable<string> phrases) =>
        phrases
            .SelectMany(phrase => (string[])[string.Join(' ', Tokens(phrase)), string.Concat(Tokens(phrase))])
            .ToHashSet(StringComparer.Ordinal);
}
