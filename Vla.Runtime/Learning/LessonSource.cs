namespace Vla.Runtime.Learning;

/// <summary>Finds training data by how they are written.</summary>
public static class LessonSource
{
    /// <param name="text"><c>world…</c> for the simulated world.</param>
    /// <exception cref="UsageException">Not known.</exception>
    public static ILessonSource Parse(string text) =>
        text == WorldLessons.Scheme || text.StartsWith($"{WorldLessons.Scheme}:", StringComparison.Ordinal)
            || text.StartsWith($"{WorldLessons.Scheme}?", StringComparison.Ordinal)
            ? WorldLessons.Parse(text)
            : throw new UsageException($"dataset '{text}' is not known; give world, world:level1, world:level2 or world:both (see vla train --help)");
}
