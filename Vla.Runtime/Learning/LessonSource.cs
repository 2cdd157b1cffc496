namespace Vla.Runtime.Learning;

/// <summary>Finds training data by how they are written.</summary>
internal static class LessonSource
{
    /// <param name="text"><c>world…</c> for the simulated world, otherwise a LeRobot dataset's directory.</param>
    /// <exception cref="UsageException">Not known.</exception>
    /// <exception cref="Vla.Sensors.Datasets.DatasetException">The dataset cannot be used.</exception>
    public static ILessonSource Parse(string text) =>
        text == WorldLessons.Scheme
        || text.StartsWith($"{WorldLessons.Scheme}:", StringComparison.Ordinal)
        || text.StartsWith($"{WorldLessons.Scheme}?", StringComparison.Ordinal)
            ? WorldLessons.Parse(text)
            : RecordedLessons.Parse(text);
}
