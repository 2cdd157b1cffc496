using Xunit.Abstractions;
using Xunit.Sdk;

namespace Vla.Tests.Runtime.Pages;

/// <summary>
/// Makes pictures of the page where the environment variable names a folder; elsewhere it is no test at all.
/// </summary>
[XunitTestCaseDiscoverer("Vla.Tests.Runtime.Pages.PicturesFactDiscoverer", "Vla.Tests")]
public sealed class PicturesFactAttribute : FactAttribute
{
    /// <summary>Where the pictures go; null for nowhere.</summary>
    public static string? Folder => Environment.GetEnvironmentVariable("PAGE_PICTURES");
}

/// <summary>
/// Finds a test where there is a folder for its pictures: a skipped one would be counted at every run.
/// </summary>
public sealed class PicturesFactDiscoverer(IMessageSink messages) : FactDiscoverer(messages)
{
    public override IEnumerable<IXunitTestCase> Discover(
        ITestFrameworkDiscoveryOptions discoveryOptions,
        ITestMethod testMethod,
        IAttributeInfo factAttribute
    ) => PicturesFactAttribute.Folder is null ? [] : base.Discover(discoveryOptions, testMethod, factAttribute);
}
