using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using Vla.Sensors.Text;

namespace Vla.Runtime.Settings;

/// <summary>
/// Holds one source of settings against <see cref="VlaSettings"/>: known keys, fitting types, allowed ranges.
/// </summary>
/// <remarks>
/// Own code, since the configuration binder and data annotations speak of types and properties: here a user is told the
/// key as written, the value, what is allowed and where it was found.
/// </remarks>
internal static class SettingsValidation
{
    private const int LongestShown = 120;

    /// <param name="values">One source's keys and values.</param>
    /// <param name="source">How a message names it: the file, <c>environment</c>, <c>command line</c>.</param>
    /// <exception cref="UsageException">The first thing that does not fit.</exception>
    public static void Check(IConfiguration values, string source) =>
        CheckSection(values, typeof(VlaSettings), "", source);

    private static void CheckSection(IConfiguration section, Type type, string path, string source)
    {
        var known = type.GetProperties();
        foreach (var child in section.GetChildren())
        {
            var property = Array.Find(known, p => p.Name.Equals(child.Key, StringComparison.OrdinalIgnoreCase));
            if (property is null)
            {
                var names = string.Join(", ", known.Select(p => path + KeyName(p.Name)));
                throw new UsageException(
                    $"unknown setting '{path}{OneLine.Of(child.Key, LongestShown)}' ({source}): known are {names}"
                );
            }

            CheckValue(child, property, path + KeyName(property.Name), source);
        }
    }

    private static void CheckValue(IConfigurationSection value, PropertyInfo property, string key, string source)
    {
        var type = property.PropertyType;
        if (IsGroup(type))
        {
            if (value.Value is { Length: > 0 })
                throw Wrong(key, value.Value, "a group of settings", source);
            CheckSection(value, type, key + ":", source);
        }
        else if (type == typeof(string[]))
        {
            if (value.Value is { Length: > 0 } single)
                throw Wrong(key, single, "a list", source);
        }
        else
        {
            if (value.GetChildren().Any())
                throw Wrong(key, "{ … }", "a single value", source);
            CheckLeaf(value.Value ?? "", property, key, source);
        }
    }

    private static void CheckLeaf(string text, PropertyInfo property, string key, string source)
    {
        object? value;
        try
        {
            var type = property.PropertyType;
            // A number would be taken for any enum, also one that has no such member.
            value =
                type.IsEnum && char.IsAsciiDigit(text.FirstOrDefault())
                    ? null
                    : TypeDescriptor.GetConverter(type).ConvertFromString(null, CultureInfo.InvariantCulture, text);
        }
        catch (Exception e) when (e is FormatException or ArgumentException or NotSupportedException)
        {
            value = null;
        }

        if (value is null)
            throw Wrong(key, text, Allowed(property), source);
        foreach (var rule in property.GetCustomAttributes<ValidationAttribute>())
        {
            if (!rule.IsValid(value))
                throw Wrong(key, text, Allowed(property), source);
        }
    }

    private static string Allowed(PropertyInfo property)
    {
        if (property.GetCustomAttribute<RangeAttribute>() is { } range)
        {
            return string.Create(CultureInfo.InvariantCulture, $"a number from {range.Minimum} to {range.Maximum}");
        }

        if (property.GetCustomAttribute<RegularExpressionAttribute>() is { ErrorMessage: { } message })
            return message;
        if (property.PropertyType.IsEnum)
            return string.Join(", ", Enum.GetNames(property.PropertyType).Select(KeyName));
        return property.PropertyType == typeof(string) ? "a text that is not empty" : $"a {property.PropertyType.Name}";
    }

    private static UsageException Wrong(string key, string value, string allowed, string source) =>
        new($"setting '{key}' is '{OneLine.Of(value, LongestShown)}' ({source}): allowed is {allowed}");

    private static bool IsGroup(Type type) => type.IsClass && type != typeof(string) && !type.IsArray;

    private static string KeyName(string property) => char.ToLowerInvariant(property[0]) + property[1..];
}
