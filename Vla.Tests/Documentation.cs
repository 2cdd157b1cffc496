using System.Text.RegularExpressions;

namespace Vla.Tests;

/// <summary>What the project says of itself: README.md and the pages in docs/.</summary>
internal static partial class Documentation
{
    /// <summary>README.md first, then the pages of docs/ in alphabetical order; each by its path from the repository's root.</summary>
    public static IReadOnlyList<string> Pages { get; } =
    [
        "README.md",
        .. Directory.GetFiles(Repository.File("docs"), "*.md").Select(file => $"docs/{Path.GetFileName(file)}").Order(StringComparer.Ordinal),
    ];

    public static string Read(string page) => File.ReadAllText(Repository.File(page));

    /// <summary>The one block of C#, on whichever page, that contains the text.</summary>
    public static string CodeWith(string text) =>
        Assert.Single(Pages.SelectMany(page => Blocks(page, "csharp")), code => code.Contains(text, StringComparison.Ordinal));

    /// <summary>The one block of a page in the language that contains the text.</summary>
    public static string BlockWith(string page, string language, string text) =>
        Assert.Single(Blocks(page, language), block => block.Contains(text, StringComparison.Ordinal));

    /// <summary>The blocks of a page that are marked with the language, without their fences.</summary>
    public static IEnumerable<string> Blocks(string page, string language) =>
        Block().Matches(Read(page)).Where(block => block.Groups["language"].Value == language).Select(block => block.Groups["text"].Value);

    [GeneratedRegex("^```(?<language>[a-z]*)\n(?<text>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();
}
