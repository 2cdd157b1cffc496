using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Vla.Actors.Torch;

namespace Vla.Tests;

/// <summary>Some tests use <c>torch</c> before anything of Vla: make it loadable first.</summary>
internal static class TorchSetup
{
    [ModuleInitializer]
    [SuppressMessage(
        "Usage",
        "CA2255:The 'ModuleInitializer' attribute should not be used in libraries",
        Justification = "A test assembly is an application."
    )]
    internal static void Register() => TorchLibrary.Register();
}
