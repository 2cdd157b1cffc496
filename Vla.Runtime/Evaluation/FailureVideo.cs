using System.Globalization;
using OpenCvSharp;
using Vla.Sensors.Simulation.Drawing;
using Vla.Sensors.Videos;

namespace Vla.Runtime.Evaluation;

/// <summary>
/// Films failed episodes for a person to see what went wrong: what was said, what was done, and why it failed.
/// </summary>
internal static class FailureVideo
{
    public const int Width = 640;
    public const int Height = 480;

    /// <summary>A picture for each control step: as fast as it was.</summary>
    public const int Fps = 10;

    /// <summary>How often the last picture is shown, so that the reason can be read.</summary>
    public const int LastPictures = 2 * Fps;

    private const string Ending = ".mp4";
    private const double Margin = 12;

    /// <summary>True for a path that means one file, false for one that means a folder.</summary>
    public static bool IsFile(string path) => path.EndsWith(Ending, StringComparison.OrdinalIgnoreCase);

    /// <summary>Films those that failed and whose states were kept.</summary>
    /// <param name="path">One MP4 file for all, one after the other, or a folder for a file each; what is there is
    /// replaced.</param>
    /// <param name="results">Of an evaluation.</param>
    /// <returns>How many were filmed; without any nothing is written.</returns>
    /// <exception cref="EvaluationException">The file cannot be written.</exception>
    public static int Write(string path, IEnumerable<EpisodeResult> results)
    {
        var failed = results.Where(result => result.States.Count > 0).ToList();
        if (failed.Count == 0)
            return 0;

        if (IsFile(path))
        {
            Film(path, failed);
            return failed.Count;
        }

        Directory.CreateDirectory(path);
        foreach (var result in failed)
            Film(
                Path.Combine(
                    path,
                    string.Create(CultureInfo.InvariantCulture, $"episode-{result.Episode.Number:0000}{Ending}")
                ),
                [result]
            );
        return failed.Count;
    }

    private static void Film(string file, IEnumerable<EpisodeResult> results)
    {
        try
        {
            using var film = VideoEncoder.Create(file, Fps, Width, Height);
            Film(film, results);
            film.Finish();
        }
        catch (VideoException exception)
        {
            throw new EvaluationException(exception.Message, exception);
        }
    }

    private static void Film(VideoEncoder film, IEnumerable<EpisodeResult> results)
    {
        using var renderer = new TabletopRenderer(Width, Height);
        using var picture = new Mat();
        foreach (var result in results)
        {
            for (var i = 0; i < result.States.Count; i++)
            {
                var isLast = i == result.States.Count - 1;
                renderer.Draw(result.States[i], picture);
                Caption(picture, result, result.States[i].Seconds - result.States[0].Seconds, isLast);
                for (var n = 0; n < (isLast ? LastPictures : 1); n++)
                    film.Write(picture);
            }
        }
    }

    private static void Caption(Mat picture, EpisodeResult result, double seconds, bool isLast)
    {
        Write(picture, result.Episode.Assignment.Instruction, Margin + 14, 0.62, Scalar.White);
        Write(
            picture,
            FormattableString.Invariant(
                $"episode {result.Episode.Number}, world seed {result.Episode.WorldSeed}: {seconds:0.0} s"
            ),
            Height - Margin,
            0.5,
            Scalar.White
        );
        if (isLast)
            Write(picture, result.Reason, Height - Margin - 24, 0.62, new Scalar(90, 110, 255));
    }

    /// <summary>Letters with a dark edge, to be read on any table.</summary>
    private static void Write(Mat picture, string text, double y, double scale, Scalar colour)
    {
        var at = new Point(Margin, y);
        Cv2.PutText(picture, text, at, HersheyFonts.HersheySimplex, scale, Scalar.Black, 4, LineTypes.AntiAlias);
        Cv2.PutText(picture, text, at, HersheyFonts.HersheySimplex, scale, colour, 1, LineTypes.AntiAlias);
    }
}
