using OpenCvSharp;
using Vla.Actors.Torch;
using static TorchSharp.torch;

namespace Vla.Runtime.Doctor;

/// <summary>Do the native libraries load? What is missing is named with the package that brings it.</summary>
internal static class NativeLibraryCheck
{
    public static IEnumerable<Finding> OpenCv() => [Try("OpenCV", () => Cv2.GetVersionString() ?? "")];

    public static IEnumerable<Finding> Torch() =>
        [
            Try(
                "Torch",
                () =>
                {
                    TorchLibrary.Register();
                    using var one = ones(1);
                    one.add_(1);
                    return __version__;
                }
            ),
        ];

    /// <param name="subject">The library's name.</param>
    /// <param name="use">Uses the library for the first time and gives its version.</param>
    public static Finding Try(string subject, Func<string> use)
    {
        try
        {
            return Finding.Ok(subject, $"{use()} loads");
        }
        catch (Exception e) // TypeInitializationException, DllNotFoundException and whatever a binding makes of them
        {
            var (reason, mend) = LoaderMessage.Explain(AllMessages(e), DebianPackages.OfThisSystem());
            return Finding.Fail(subject, reason, mend);
        }
    }

    private static string AllMessages(Exception exception)
    {
        var messages = new List<string>();
        for (var e = exception; e is not null; e = e.InnerException)
            messages.Add(e.Message);
        return string.Join('\n', messages);
    }
}
