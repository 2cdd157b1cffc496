using System.Text.RegularExpressions;

namespace Vla.Tests.Project;

/// <summary>
/// How the project's text is laid out: nothing is wider than a screen on which two files stand side by side. The layout
/// of C# is CSharpier's (<c>dotnet csharpier format .</c>); what that leaves as it is, comments and long texts, is
/// wrapped by hand.
/// </summary>
public sealed partial class LayoutTests
{
    private const int Columns = 120;

    [Fact]
    public void No_line_of_code_is_longer_than_the_columns_of_a_screen() =>
        Assert.Empty(
            ((string[])["*.cs", "*.razor", "*.css", "*.js"])
                .SelectMany(Repository.Files)
                .SelectMany(file => Long(file, _ => true))
        );

    /// <summary>A table's row cannot be wrapped, and what stands in a fence is typed or copied as it is.</summary>
    [Fact]
    public void No_line_of_a_page_is_longer_than_the_columns_of_a_screen()
    {
        Assert.Empty(Repository.Files("*.md").SelectMany(LongProse));

        static IEnumerable<string> LongProse(string page)
        {
            var isFenced = false;
            return Long(
                page,
                line =>
                {
                    isFenced ^= Fence().IsMatch(line);
                    return !isFenced && !line.StartsWith('|');
                }
            );
        }
    }

    private static IEnumerable<string> Long(string file, Func<string, bool> counts) =>
        File.ReadLines(file)
            .Select((line, i) => (Line: line, Number: i + 1))
            .Where(one => counts(one.Line) && one.Line.Length > Columns)
            .Select(one =>
                $"{Path.GetRelativePath(Repository.File("."), file)}:{one.Number}: {one.Line.Length} columns"
            );

    [GeneratedRegex(@"^\s*```")]
    private static partial Regex Fence();
}
