namespace Vla.Runtime.Doctor;

/// <summary>Are there cameras, and may this user open them?</summary>
internal static class CameraCheck
{
    /// <param name="devices">Folder of the devices, <c>/dev</c>.</param>
    /// <param name="open">Opens one and closes it again.</param>
    public static IEnumerable<Finding> Look(string devices, Action<string> open)
    {
        var cameras = Directory.Exists(devices) ? Directory.GetFiles(devices, "video*") : [];
        if (cameras.Length == 0)
        {
            return
            [
                Finding.Note(
                    "cameras",
                    $"no {Path.Combine(devices, "video*")}: only --camera world, synthetic, files and URLs",
                    "plug one in"
                ),
            ];
        }

        Array.Sort(cameras, StringComparer.Ordinal);
        return cameras.Select(camera => Open(camera, open));
    }

    public static void OpenDevice(string path)
    {
        // Not a FileStream: it would seek, which a camera cannot do.
        using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
    }

    private static Finding Open(string path, Action<string> open)
    {
        try
        {
            open(path);
            return Finding.Ok("camera", $"{path} can be opened");
        }
        catch (UnauthorizedAccessException)
        {
            return Finding.Fail(
                "camera",
                $"no permission for {path}",
                "add yourself to the video group: sudo usermod -aG video $USER, then log in anew"
            );
        }
        catch (IOException e)
        {
            return Finding.Fail("camera", $"{path} cannot be opened: {e.Message}", "unplug it and plug it in again");
        }
    }
}
