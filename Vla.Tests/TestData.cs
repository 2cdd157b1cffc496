namespace Vla.Tests;

/// <summary>Finds the files under <c>Fixtures/</c>, which are copied beside the tests.</summary>
public static class TestData
{
    /// <param name="name">As under <c>Fixtures/</c>: <c>simplevla/golden.safetensors</c>.</param>
    public static string Path(string name) => System.IO.Path.Combine(AppContext.BaseDirectory, "Fixtures", name);
}
