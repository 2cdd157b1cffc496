namespace Vla.Runtime.Learning;

/// <summary>Tells the two kinds of training data apart by how they are written.</summary>
public static class LessonSource
{
    /// <param name="text"><c>world…</c> for the simulated world, or a dataset's directory.</param>
    /// <exception cref="UsageException">Neither.</exception>
    public static ILessonSource Parse(string text) =>
        text == WorldLessons.Scheme || text.StartsWith($"{WorldLessons.Scheme}:", StringComparison.Ordinal)
            || text.StartsWith($"{WorldLessons.Scheme}?", StringComparison.Ordinal)
            ? WorldLessons.Parse(text)
            : throw new UsageException($"dataset '{text}' is not a directory; give the directory of a dataset, or world (see vla train --help)");
}
