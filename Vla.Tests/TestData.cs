namespace Vla.Tests;

/// <summary>Finds the files that are copied beside the tests.</summary>
public static class TestData
{
    /// <summary>The policy that ships with Vla.</summary>
    public static string NotebookPolicy { get; } = Repository.File("config/policies/notebook");

    /// <param name="name">As under <c>Fixtures/</c>: <c>simplevla/golden.safetensors</c>.</param>
    public static string Path(string name) =>
        name == SavedStateDict.Name
            ? SavedStateDict.Path
            : System.IO.Path.Combine(AppContext.BaseDirectory, "Fixtures", name);
}
