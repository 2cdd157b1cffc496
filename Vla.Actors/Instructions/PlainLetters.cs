using System.Globalization;
using System.Text;

namespace Vla.Actors.Instructions;

/// <summary>
/// Folds text so that one word is written in one way: lower case, no accents, no full width, nothing invisible.
/// </summary>
/// <remarks>
/// Own code: the process runs without ICU, and <see cref="string.Normalize()"/> then leaves text as it is. For
/// comparing with lists that were folded likewise, not for showing.
/// </remarks>
internal static class PlainLetters
{
    private const int FullWidthOffset = 0xfee0;

    private static readonly Dictionary<char, char> Plain = Table(
        ("àáâãäåāăą", 'a'),
        ("çćč", 'c'),
        ("ďđ", 'd'),
        ("èéêëēėęě", 'e'),
        ("ğ", 'g'),
        ("ìíîïīı", 'i'),
        ("ł", 'l'),
        ("ñńň", 'n'),
        ("òóôõöøő", 'o'),
        ("řŕ", 'r'),
        ("śšşș", 's'),
        ("ťţț", 't'),
        ("ùúûüůűū", 'u'),
        ("ýÿ", 'y'),
        ("źżž", 'z'),
        ("й", 'и'),
        ("ё", 'е'),
        ("ά", 'α'),
        ("έ", 'ε'),
        ("ή", 'η'),
        ("ί", 'ι'),
        ("ό", 'ο'),
        ("ύ", 'υ'),
        ("ώ", 'ω'),
        ("ς", 'σ')
    );

    /// <summary>
    /// Letters and signs, folded; everything else becomes a space, and apostrophes join: <c>don't</c> is <c>dont</c>.
    /// </summary>
    public static string Of(string text)
    {
        var folded = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value is '\'' or '’' or '‘' or '`' or '´' || IsInvisible(rune))
                continue;
            var letter = Rune.ToLowerInvariant(IsFullWidth(rune) ? new Rune(rune.Value - FullWidthOffset) : rune);
            if (letter.IsBmp && Plain.TryGetValue((char)letter.Value, out var plain))
                folded.Append(plain);
            else if (Rune.IsLetter(letter) || IsSign(letter))
                folded.Append(letter);
            else
                folded.Append(' ');
        }

        return folded.ToString();
    }

    /// <summary>A word in which no letter stands twice in a row: <c>stoooop</c> is <c>stop</c>.</summary>
    public static string WithoutRuns(string word)
    {
        var single = new StringBuilder(word.Length);
        Rune? last = null;
        foreach (var letter in word.EnumerateRunes())
        {
            if (letter != last)
                single.Append(letter);
            last = letter;
        }

        return single.ToString();
    }

    private static bool IsFullWidth(Rune rune) => rune.Value is > 0xff00 and < 0xff5f;

    /// <summary>
    /// Marks over and under letters, zero-width and soft characters, what chooses an emoji's look or skin.
    /// </summary>
    private static bool IsInvisible(Rune rune) =>
        rune.Value
            is >= 0x300
                and <= 0x36f
                or >= 0x200b
                and <= 0x200f
                or 0x2060
                or 0xfeff
                or 0xad
                or >= 0xfe00
                and <= 0xfe0f
                or >= 0x1f3fb
                and <= 0x1f3ff;

    /// <summary>Emoji, and the vowels of Indian scripts and Thai, which are marks to Unicode.</summary>
    private static bool IsSign(Rune rune) =>
        rune != Rune.ReplacementChar
        && Rune.GetUnicodeCategory(rune)
            is UnicodeCategory.NonSpacingMark
                or UnicodeCategory.SpacingCombiningMark
                or UnicodeCategory.OtherSymbol;

    private static Dictionary<char, char> Table(params (string Accented, char Plain)[] rows) =>
        rows.SelectMany(row => row.Accented.Select(letter => (letter, row.Plain)))
            .ToDictionary(pair => pair.letter, pair => pair.Plain);
}
