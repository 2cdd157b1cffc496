namespace Vla.Tests;

/// <summary>
/// Large golden data that is not kept in the repository: <c>shared/fixtures</c> beside it, or <c>VLA_FIXTURES</c>.
/// </summary>
public static class SharedFixtures
{
    private static readonly string Root =
        Environment.GetEnvironmentVariable("VLA_FIXTURES")
        ?? System.IO.Path.Combine(System.IO.Path.GetDirectoryName(Repository.File("."))!, "..", "shared", "fixtures");

    /// <param name="name">From the fixtures' root: <c>act/resnet18</c>.</param>
    public static string Path(string name) => System.IO.Path.Combine(Root, name);
}

/// <summary>
/// A test that needs golden data too large for the repository; skipped where it is not there, with that as the reason.
/// </summary>
public sealed class FixtureFactAttribute : FactAttribute
{
    /// <param name="name">From the fixtures' root.</param>
    public FixtureFactAttribute(string name)
    {
        if (!Directory.Exists(SharedFixtures.Path(name)))
            Skip = $"{name} is not here: it is too large for the repository.";
    }
}

/// <summary>The same for a test of several cases.</summary>
public sealed class FixtureTheoryAttribute : TheoryAttribute
{
    /// <param name="name">From the fixtures' root.</param>
    public FixtureTheoryAttribute(string name) => Skip = new FixtureFactAttribute(name).Skip;
}
