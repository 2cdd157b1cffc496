using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Vla.Sensors.Videos;

/// <summary>
/// The <c>ffmpeg</c> and <c>ffprobe</c> programs: they decode and encode what OpenCV's own FFmpeg cannot, such as AV1.
/// </summary>
/// <remarks>
/// Nothing goes through a shell, and a file is given as <c>file:</c> and its whole path, so that no name is taken for
/// an option, a pattern or an address. What may be opened is a video file of this machine: no network, no playlist that
/// names other files.
/// </remarks>
internal sealed partial class FfmpegProgram
{
    /// <summary>What to do where the program is missing.</summary>
    public const string Install = "install the ffmpeg program (sudo apt-get install ffmpeg)";

    /// <summary>Pixels of the largest picture that is decoded, 8192 × 8192.</summary>
    internal const int LargestPicture = 1 << 26;

    // Containers that hold their pictures themselves; not hls, dash, concat, image2 and the like, which open other
    // files.
    private const string Containers =
        "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,"
        + "h264,hevc,obu,ivf,flv,ogg,asf,mxf,nut,gif,yuv4mpegpipe";

    private const int LongestAnswer = 1 << 20;

    private static readonly Lazy<FfmpegProgram> Found = new(() =>
        new FfmpegProgram(OnPath("ffmpeg"), OnPath("ffprobe"))
    );

    private static readonly Lazy<string?> SetSid = new(() => OperatingSystem.IsLinux() ? OnPath("setsid") : null);

    private readonly string? _ffmpeg;
    private readonly string? _ffprobe;
    private readonly Lazy<string> _version;
    private readonly Lazy<string> _encoders;

    /// <param name="ffmpeg">Path of the program; null where it is not installed.</param>
    /// <param name="ffprobe">Path of its companion; null where it is not installed.</param>
    public FfmpegProgram(string? ffmpeg, string? ffprobe)
    {
        (_ffmpeg, _ffprobe) = (ffmpeg, ffprobe);
        _version = new(() => IsInstalled ? Ask(_ffmpeg!, ["-version"]).Output : "");
        _encoders = new(() => IsInstalled ? Ask(_ffmpeg!, ["-hide_banner", "-encoders"]).Output : "");
    }

    /// <summary>Those on the PATH of this process.</summary>
    public static FfmpegProgram OfThisMachine => Found.Value;

    internal string? ProbePath => _ffprobe;

    /// <summary>How long it may take to answer a question, such as what a file is.</summary>
    internal TimeSpan AnswerLimit { get; init; } = TimeSpan.FromSeconds(10);

    public bool IsInstalled => _ffmpeg is not null && _ffprobe is not null;

    /// <summary>Such as 5.1.9; empty where it is not installed.</summary>
    public string Version =>
        VersionNumber().Match(_version.Value) is { Success: true } match ? match.Groups[1].Value : "";

    /// <summary>Options that let each picture through as it is, none doubled or left out to keep a rate.</summary>
    internal IReadOnlyList<string> EachPicture => HasFpsMode ? ["-fps_mode", "passthrough"] : ["-vsync", "passthrough"];

    // "-vsync" was given the name "-fps_mode" in 5.1, and is to go. A build from the sources has no number: it is
    // newer.
    private bool HasFpsMode => !System.Version.TryParse(Version, out var version) || version >= new Version(5, 1);

    /// <summary>True when it has an encoder of this name, such as <c>libx264</c>.</summary>
    public bool HasEncoder(string name) =>
        _encoders
            .Value.Split('\n')
            .Any(line =>
                line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, var encoder, ..] && encoder == name
            );

    /// <summary>What the first video track of a file is.</summary>
    /// <exception cref="VideoException">It is no video, or the program is missing.</exception>
    internal VideoDescription Describe(string path)
    {
        RequireInstalled(path);
        var (output, errors) = Ask(
            _ffprobe!,
            [
                "-hide_banner",
                "-loglevel",
                "error",
                "-of",
                "json",
                "-show_streams",
                "-select_streams",
                "V:0",
                .. Input(path),
            ]
        );
        try
        {
            return VideoDescription.Parse(output)
                ?? throw new VideoException(
                    errors.Length == 0 ? $"'{path}' holds no video" : $"'{path}' is damaged or no video ({errors})"
                );
        }
        catch (JsonException exception)
        {
            throw new VideoException(
                $"'{path}' is damaged or no video ({(errors.Length > 0 ? errors : exception.Message)})",
                exception
            );
        }
    }

    /// <summary>Options that open a file for reading, the last of them its name.</summary>
    internal static IReadOnlyList<string> Input(string path) =>
        [
            "-protocol_whitelist",
            "file,pipe",
            "-format_whitelist",
            Containers,
            "-max_pixels",
            $"{LargestPicture}",
            "-i",
            $"file:{Path.GetFullPath(path)}",
        ];

    /// <summary>Starts <c>ffmpeg</c>.</summary>
    /// <param name="path">Of the file that it is for, to be named where the program is missing.</param>
    /// <param name="arguments">One by one, never through a shell.</param>
    /// <exception cref="VideoException">The program is missing or does not start.</exception>
    internal Process Start(string path, IEnumerable<string> arguments)
    {
        RequireInstalled(path);
        return Launch(_ffmpeg!, ["-hide_banner", "-nostats", .. arguments]);
    }

    private void RequireInstalled(string path)
    {
        if (!IsInstalled)
            throw new VideoException($"'{path}' needs the ffmpeg program, which is not here: {Install}");
    }

    /// <summary>Where a program is; null when it is not there.</summary>
    /// <remarks>Found here and not by Process.Start, which looks in the current directory too.</remarks>
    internal static string? OnPath(string name)
    {
        var file = OperatingSystem.IsWindows() ? name + ".exe" : name;
        return (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator)
            .Where(Path.IsPathFullyQualified)
            .Select(folder => Path.Combine(folder, file))
            .FirstOrDefault(File.Exists);
    }

    private static Process Launch(string program, IEnumerable<string> arguments)
    {
        // In a session of its own: Ctrl-C in the terminal would end it in the middle of an episode that is still to be
        // saved.
        var start = new ProcessStartInfo(
            SetSid.Value ?? program,
            SetSid.Value is null ? arguments : [program, .. arguments]
        )
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment["AV_LOG_FORCE_NOCOLOR"] = "1";
        start.Environment.Remove("FFREPORT");
        try
        {
            return Process.Start(start)!;
        }
        catch (Exception exception) when (exception is Win32Exception or InvalidOperationException)
        {
            throw new VideoException($"'{program}' cannot be started: {exception.Message}", exception);
        }
    }

    /// <summary>Runs a program to its end, which it must reach in time and with few words.</summary>
    private (string Output, string Errors) Ask(string program, IEnumerable<string> arguments)
    {
        using var process = Launch(program, arguments);
        using var watch = new ProcessWatch(process);
        watch.Expect(AnswerLimit);
        process.StandardInput.Close();
        var errors = new ErrorLines();
        var reading = HelperThread("vla-ffprobe", () => errors.Read(process.StandardError.BaseStream));
        var output = new char[LongestAnswer];
        var length = process.StandardOutput.ReadBlock(output, 0, output.Length);
        if (length == output.Length)
            watch.Kill();
        reading.Join();
        process.WaitForExit();
        if (watch.HasExpired)
            throw new VideoException(
                $"'{Path.GetFileName(program)}' took more than {AnswerLimit.TotalSeconds:0.##} s and was ended"
            );
        return (new string(output, 0, length), errors.Last);
    }

    /// <summary>Lets the robot's own work go first, where that can be had.</summary>
    internal static void LowerPriority(Process process)
    {
        try
        {
            process.PriorityClass = ProcessPriorityClass.BelowNormal;
        }
        catch (Exception exception) when (exception is InvalidOperationException or Win32Exception)
        {
            // It has ended already, or nobody may.
        }
    }

    internal static Thread HelperThread(string name, Action work)
    {
        var thread = new Thread(() => work()) { Name = name, IsBackground = true };
        thread.Start();
        return thread;
    }

    [GeneratedRegex(@"^ffmpeg version n?(\d+(?:\.\d+)+)")]
    private static partial Regex VersionNumber();
}
